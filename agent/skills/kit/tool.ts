import type { Static, TObject } from "typebox";
import { Value } from "typebox/value";
import type { Mandate } from "./mandate.ts";
import { ToolError } from "./tool-error.ts";
import type { WorkspaceFiles } from "./workspace-files.ts";

export const TOOL_LIMITS = {
  /** Longest text of a result; what is longer is cut. */
  resultMaxChars: 24_000,
  /** Longest refusal; some are written by programs that strangers' files run through. */
  refusalMaxChars: 2_000,
  /** Pictures in a result, and bytes of each. */
  resultMaxImages: 4,
  imageMaxBytes: 4_000_000,
  /** Longest time a tool may have. */
  timeoutMaxMs: 280_000,
} as const;

/**
 * What using a tool does: `none` only looks, and may be done twice; `own` changes what is the agent's; `outside` reaches
 * somebody or something beyond the conversation, and needs a mandate.
 */
export type Effect = "none" | "own" | "outside";

export interface ToolResult {
  /** For the model. */
  text: string;
  /** Its words were written outside of the conversation; from here on the turn has read foreign words. */
  isForeign?: boolean;
  /** Pictures for the model to look at. */
  images?: readonly { mimeType: string; base64: string }[];
}

/** A member of the conversation who is no agent. */
export interface Person {
  inboxId: string;
  name: string;
  /** IANA name, where the profile says it. */
  timezone?: string;
}

/** One use of a tool. */
export interface ToolCall {
  /** The same when the same use is repeated; for idempotency at a provider. */
  callId: string;
  /** Aborts when the tool's time is over or the agent ends. */
  signal: AbortSignal;
  files: WorkspaceFiles;
  mandate: Mandate;
  /** All of them. */
  people: readonly Person[];
  /** Who wrote last in the turn that this call is part of; undefined when no person did. */
  asker: Person | undefined;
  /** Says how it goes, in one short line. */
  progress(line: string): void;
}

/** A tool as the model is offered it. */
export interface SkillTool {
  name: string;
  /** When to use it, what it costs; every request to the model carries it. */
  description: string;
  /** JSON Schema of the parameters. */
  parameters: TObject;
  effect: Effect;
  timeoutMs: number;
  /** Throws ToolError for the model to read; anything else is a fault of ours. */
  run(params: unknown, call: ToolCall): Promise<ToolResult>;
}

export interface ToolDefinition<Parameters extends TObject> extends Omit<SkillTool, "parameters" | "run"> {
  parameters: Parameters;
  run(params: Static<Parameters>, call: ToolCall): Promise<ToolResult>;
}

/** A tool whose parameters are checked before it runs; the model is told which one is wrong. */
export function defineTool<Parameters extends TObject>(tool: ToolDefinition<Parameters>): SkillTool {
  const { parameters } = tool;
  return {
    ...tool,
    run: async (given, call) => {
      if (!Value.Check(parameters, given)) {
        const [first] = Value.Errors(parameters, given);
        const where = first?.instancePath.replace(/^\//, "").replaceAll("/", ".") || "the parameters";
        throw new ToolError(`${where}: ${first?.message ?? "not as described"}. Correct it and call again.`);
      }
      return tool.run(given, call);
    },
  };
}
