import { chmodSync, mkdtempSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTestWorkspace, type TestWorkspace } from "../../kit/testing.ts";
import type { ToolCall, ToolResult } from "../../kit/tool.ts";
import { type BrowsingOptions, createBrowsingSkill } from "../index.ts";

/** A browser with an agent's folder around it. Each test file has one, for a start costs a second of a processor. */
export interface Scene {
  workspace: TestWorkspace;
  /** What the browser has written lies below. */
  tmpDir: string;
  browse(steps: readonly object[], call?: Partial<ToolCall>): Promise<ToolResult>;
  /** Its text only. */
  told(steps: readonly object[], call?: Partial<ToolCall>): Promise<string>;
  /** Process ids of all that runs out of this scene's folder. */
  processes(): Promise<number[]>;
  close(): Promise<void>;
}

export function openScene(options: Omit<BrowsingOptions, "tmpDir" | "uid" | "gid">): Scene {
  // A user that nobody is: as in production, where it is that of the model's shell.
  const uid = process.getuid?.() === 0 ? 23_456 : undefined;
  const tmpDir = mkdtempSync(join(tmpdir(), "browsing-"));
  chmodSync(tmpDir, 0o755);
  const skill = createBrowsingSkill({ ...options, tmpDir, uid, gid: uid });
  const [tool] = skill.tools;
  if (tool === undefined) throw new Error("no tool");
  const workspace = openTestWorkspace();
  const browse: Scene["browse"] = (steps, call) => tool.run({ steps }, workspace.call(call));
  return {
    workspace,
    tmpDir,
    browse,
    told: async (steps, call) => (await browse(steps, call)).text,
    processes: () => processesOf(tmpDir),
    close: async () => {
      await skill.close?.();
      await workspace.close();
      await rm(tmpDir, { recursive: true, force: true });
    },
  };
}

async function processesOf(dir: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        return (await readFile(`/proc/${pid}/cmdline`, "utf8")).includes(dir);
      } catch {
        // It has ended meanwhile.
        return false;
      }
    }),
  );
  return pids.filter((_, index) => found[index]).map(Number);
}
