import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SKILL_NAMES } from "../skills/kit/skill.ts";
import { eventsOf, runCli } from "./testing/run-cli.ts";

const COMMANDS = ["init", "key-provision", "apply", "check", "gateway", "token", "reset"];
let folder: string;
let env: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agent-cli-"));
  env = join(folder, ".env");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("without a command, and with an unknown one, it lists what there is", async () => {
  for (const [args, code] of [
    [[], 2],
    [["aply"], 2],
    [["--help"], 0],
  ] as const) {
    const ended = await runCli(args);
    expect(ended.code).toBe(code);
    const shown = code === 0 ? ended.stdout : ended.stderr;
    for (const name of COMMANDS) expect(shown).toMatch(new RegExp(`^  ${name} +\\S`, "m"));
  }
});

test.each(COMMANDS)("%s explains itself", async (name) => {
  const { code, stdout } = await runCli([name, "--help"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^usage: ${name} `));
  expect(stdout).toContain("--json");
  expect(stdout).toContain("exit codes:");
});

test.each([
  [["apply", "--colour"], "--colour"],
  [["apply", "there"], "there is no place for 'there'"],
  [["apply", "--port", "99999"], "--port takes a whole number from 1 to 65534"],
  [["key-provision", "--limit-usd", "1e9"], "--limit-usd takes a whole number"],
  [["reset"], "say --yes to do it"],
])("%j is refused with what is wrong and the usage", async (args, message) => {
  const { code, stdout, stderr } = await runCli([...args, "--env", env]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
  expect(stderr).toContain("usage: ");
  expect(await readdir(folder)).toEqual([]);
});

test("what is not configured ends with 78, as text and as JSON", async () => {
  expect(await runCli(["gateway", "--env", env])).toMatchObject({
    code: 78,
    stdout: "",
    stderr: expect.stringContaining("INSTANCE_ID is missing"),
  });
  const json = await runCli(["gateway", "--env", env, "--json"], { INSTANCE_ID: "abcdef012345" });
  expect(json.code).toBe(78);
  expect(eventsOf(json)).toEqual([
    { event: "error", message: "not provisioned: INSTANCE_SECRET, STATE_KEY, MODEL_KEY is missing" },
  ]);
});

test("a file with names that nothing reads, or with an account's key, is refused without quoting it", async () => {
  await writeFile(env, "TELNYX_API_KEY=SECRET\nMODEL_KYE=SECRET\nMODEL_ID=m\n");
  const { code, stderr } = await runCli(["check", "--env", env]);
  await rm(env);
  expect(code).toBe(78);
  expect(stderr).toContain("TELNYX_API_KEY belongs into the environment of key-provision only");
  expect(stderr).toContain("MODEL_KYE is unknown");
  expect(stderr).not.toContain("SECRET");
});

test("check says of each part what it is, and fails for what is broken", async () => {
  const missing = await runCli(["check", "--env", env, "--json"]);
  expect(missing.code).toBe(78);
  expect(eventsOf(missing)).toContainEqual({
    event: "check",
    part: "secrets",
    state: "broken",
    detail: expect.stringContaining("MODEL_KEY is missing"),
  });
  const made = await runCli(["init", "--env", env, "--json"], { MODEL_KEY: "sk-of-mine" });
  expect(made.code, made.stderr).toBe(0);
  const states = eventsOf(made).flatMap(({ event, part, state }) =>
    event === "check" ? [[part, state]] : [],
  );
  expect(Object.fromEntries(states)).toEqual({
    settings: "ok",
    secrets: "ok",
    file: "ok",
    node: "ok",
    openclaw: "ok",
    "state folder": "ok",
    "openclaw.json": "ok",
    ...Object.fromEntries(SKILL_NAMES.map((name) => [name, "ok"])),
    agentmail: "off",
    bankr: "off",
    "telnyx-cli": "off",
  });
  await chmod(env, 0o644);
  await writeFile(
    join(folder, ".local", "agent", "gateway", "openclaw.json"),
    '{"tools":{"loopDetektion":{}}}',
  );
  const broken = await runCli(["check", "--env", env]);
  expect(broken.code).toBe(78);
  expect(broken.stdout).toContain("chmod 600");
  expect(broken.stdout).toMatch(/✗ openclaw\.json .*openclaw does not accept/);
  await chmod(env, 0o600);
  expect((await runCli(["check", "--env", env])).code).toBe(1);
  await chmod(join(folder, ".local", "agent"), 0o755);
  expect((await runCli(["check", "--env", env])).stdout).toContain("others may look into");
}, 60_000);
