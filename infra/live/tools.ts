import { randomUUID } from "node:crypto";
import type { Skill } from "../../agent/skills/kit/skill.ts";
import { aMandate, openTestWorkspace, type TestWorkspace } from "../../agent/skills/kit/testing.ts";
import type { LiveContext, Scene } from "./suite.ts";

/** A skill in an agent's folder. */
export interface ToolScene extends Scene {
  workspace: TestWorkspace;
  /** Uses a tool as one more wish of a person and resolves with its text. */
  use(tool: string, params: unknown, signal: AbortSignal): Promise<string>;
}

/** `named` are the only addresses that may be written to: a person has named no other. */
export function openTools(
  { cleanup }: LiveContext,
  make: (workspace: TestWorkspace) => Skill,
  named: readonly string[] = [],
): ToolScene {
  const workspace = openTestWorkspace();
  cleanup.defer(() => workspace.close());
  const skill = make(workspace);
  cleanup.defer(async () => skill.close?.());
  return {
    skill,
    workspace,
    use: async (name, params, signal) => {
      const tool = skill.tools.find((one) => one.name === name);
      if (tool === undefined) throw new Error(`there is no tool ${name}`);
      const call = workspace.call({
        callId: randomUUID(),
        signal: AbortSignal.any([signal, AbortSignal.timeout(tool.timeoutMs)]),
        mandate: aMandate({ named }),
      });
      return (await tool.run(params, call)).text;
    },
  };
}
