import { mkdirSync, mkdtempSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Mandate } from "./mandate.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import type { Person, ToolCall } from "./tool.ts";
import { ToolError } from "./tool-error.ts";

export const ADA: Person = { inboxId: "a".repeat(64), name: "Ada", timezone: "Europe/Berlin" };

/** A mandate of a turn: by default a person asks, has named every address, and nothing foreign has been read. */
export function aMandate(
  turn: { hasPerson?: boolean; named?: readonly string[]; isTainted?: boolean } = {},
): Mandate {
  const requirePerson = (): void => {
    if (turn.hasPerson === false) throw new ToolError("Nobody here has asked for this.");
  };
  return {
    requirePerson,
    requireNamed: (addresses) => {
      requirePerson();
      const unknown = addresses.filter(
        (address) => turn.named !== undefined && !turn.named.includes(address),
      );
      if (unknown.length > 0) throw new ToolError("Nobody here has named that address.");
    },
    requireUntainted: () => {
      requirePerson();
      if (turn.isTainted === true) throw new ToolError("Foreign words have been read.");
    },
  };
}

/** An agent's folder with what works on it, for a test of a skill; `close` removes it. */
export interface TestWorkspace {
  dir: string;
  sandbox: Sandbox;
  call(overrides?: Partial<ToolCall>): ToolCall;
  close(): Promise<void>;
}

export function openTestWorkspace(): TestWorkspace {
  const root = mkdtempSync(join(tmpdir(), "skill-"));
  const dir = join(root, "workspace");
  mkdirSync(dir);
  return {
    dir,
    sandbox: createSandbox({ dir, tmpDir: root }),
    call: (overrides = {}) => ({
      callId: "call-1",
      signal: AbortSignal.timeout(60_000),
      mandate: aMandate(),
      people: [ADA],
      asker: ADA,
      progress: () => undefined,
      files: {
        dir,
        read: (path) => readFile(join(dir, path)),
        write: async (path, content) => {
          await mkdir(dirname(join(dir, path)), { recursive: true });
          await writeFile(join(dir, path), content);
          return path;
        },
      },
      ...overrides,
    }),
    close: () => rm(root, { recursive: true, force: true }),
  };
}
