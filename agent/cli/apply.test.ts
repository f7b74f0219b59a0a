import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../server/state/database.ts";
import { statePaths } from "../server/state/paths.ts";
import { writeTombstone } from "../server/state/tombstone.ts";
import { type Ended, eventsOf, runCli } from "./testing/run-cli.ts";

let folder: string;
let stateDir: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agent-apply-"));
  stateDir = join(folder, "state");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const apply = (env: Readonly<Record<string, string>> = {}, ...args: string[]): Promise<Ended> =>
  runCli(["apply", "--json", "--env", join(folder, ".env"), ...args], { STATE_DIR: stateDir, ...env });

/** What became of each file, by its path below `root`. */
const actionsOf = (ended: Ended, root: string): Record<string, unknown> =>
  Object.fromEntries(
    eventsOf(ended).flatMap(({ event, path, action }) =>
      event === "file" ? [[String(path).slice(root.length + 1), action]] : [],
    ),
  );

test("puts everything where the agent has it, needs no identity, and says what it did", async () => {
  const root = join(stateDir, "gateway");
  const first = await apply();
  expect(first.code, first.stderr).toBe(0);
  expect(actionsOf(first, root)).toMatchObject({
    "openclaw.json": "write",
    "extensions/convos": "write",
    "workspace/AGENTS.md": "write",
    "workspace/USER.md": "write",
  });
  expect(new Set(Object.values(actionsOf(await apply(), root)))).toEqual(new Set(["keep"]));
});

test("keeps what the agent has changed, replaces what is ours, and takes the port", async () => {
  const root = join(stateDir, "gateway");
  await apply();
  await writeFile(join(root, "workspace", "SOUL.md"), "Who I am.");
  await writeFile(join(root, "workspace", "USER.md"), "Alice likes tea.");
  await writeFile(join(root, "extensions", "convos", "index.ts"), "");
  const second = await apply({}, "--port", "4000");
  expect(actionsOf(second, root)).toMatchObject({
    "openclaw.json": "write",
    "extensions/convos": "write",
    "workspace/SOUL.md": "keep",
    "workspace/USER.md": "keep",
  });
  expect(await readFile(join(root, "workspace", "SOUL.md"), "utf8")).toBe("Who I am.");
  expect(await readFile(join(root, "workspace", "USER.md"), "utf8")).toBe("Alice likes tea.");
  expect(JSON.parse(await readFile(join(root, "openclaw.json"), "utf8"))).toMatchObject({
    gateway: { port: 4000 },
  });
});

test("writes below OPENCLAW_STATE_DIR where it is set, and the workspace is there too", async () => {
  const root = join(folder, "openclaw");
  const ended = await apply({ OPENCLAW_STATE_DIR: root });
  expect(ended.code, ended.stderr).toBe(0);
  const config: unknown = JSON.parse(await readFile(join(root, "openclaw.json"), "utf8"));
  expect(config).toMatchObject({ agents: { defaults: { workspace: join(root, "workspace") } } });
  expect(await readFile(join(root, "workspace", "AGENTS.md"), "utf8")).not.toBe("");
});

test("touches nothing while an agent runs on the folder, or after one has ended there", async () => {
  const paths = statePaths(stateDir);
  await mkdir(stateDir);
  const database = openDatabase(paths.database);
  const held = await apply();
  expect(held.code).toBe(1);
  expect(eventsOf(held)).toEqual([
    { event: "error", message: expect.stringContaining("another agent process") },
  ]);
  const refused = await runCli(["reset", "--yes", "--env", join(folder, ".env")], { STATE_DIR: stateDir });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("another agent process");
  database.close();

  writeTombstone(paths.tombstone, { reason: "operator", startedAt: "", epoch: 1, sequence: 1 });
  expect((await apply()).stdout).toContain("has ended");
  const wiped = await runCli(["reset", "--yes", "--env", join(folder, ".env")], { STATE_DIR: stateDir });
  expect(wiped.code, wiped.stderr).toBe(0);
  expect((await apply()).code).toBe(0);
});

test("reset wipes nothing but an agent's folder", async () => {
  await mkdir(stateDir);
  await writeFile(join(stateDir, "precious"), "");
  const refused = await runCli(["reset", "--yes", "--env", join(folder, ".env")], { STATE_DIR: stateDir });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("is not the state folder of an agent");
  expect(await readFile(join(stateDir, "precious"), "utf8")).toBe("");
});
