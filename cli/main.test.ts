import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../infra/local/free-port.ts";

const MAIN = join(import.meta.dirname, "main.ts");
let state: string;
let dead: string;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "convos-cli-"));
  dead = `http://127.0.0.1:${await freePort()}`;
});
afterAll(() => rm(state, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });

test("without a command, and with an unknown one, it lists what there is", async () => {
  for (const [args, code] of [
    [[], 2],
    [["clam"], 2],
    [["--help"], 0],
  ] as const) {
    const ended = await run(args);
    expect(ended.code).toBe(code);
    const shown = code === 0 ? ended.stdout : ended.stderr;
    for (const name of ["claim", "chat", "explode", "status", "pool", "audit"])
      expect(shown).toMatch(new RegExp(`^  ${name} +\\S`, "m"));
  }
});

test.each(["claim", "chat", "explode", "status", "pool", "audit"])("%s explains itself", async (name) => {
  const { code, stdout } = await run([name, "--help"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^usage: ${name} `));
  expect(stdout).toContain("--json");
});

test.each([
  [["claim"], "--instructions is missing"],
  [["claim", "--instructions", "x", "--colour", "red"], "--colour"],
  [["claim", "--instructions", "x", "--wait-ms", "1e9"], "--wait-ms takes a whole number from 0 to 60000"],
  [["claim", "--instructions", "x", "--on-empty", "cry"], "--on-empty takes wait or reject"],
  [["claim", "--instructions", "x", "y"], "there is no place for 'y'"],
  [["chat"], "which invite?"],
  [["chat", "an-invite", "--name", "../../etc"], "--name takes"],
  [["explode"], "which instance?"],
  [["explode", "NOT-AN-ID"], "an instance id has 12 characters"],
  [["pool", "fill"], "there is no operation 'fill'"],
  [["audit", "now"], "there is no place for 'now'"],
])("%j is refused with what is wrong and the usage", async (args, message) => {
  const { code, stdout, stderr } = await run(args);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
  expect(stderr).toContain("usage: ");
});

test("a pasted text that is no invite is said to be none", async () => {
  const { code, stderr } = await run(["chat", "hello", "--state", state]);
  expect(code).toBe(2);
  expect(stderr).toContain("this is no Convos invite");
});

test("without a stack it says how to get one", async () => {
  const { code, stderr } = await run(["status", "--state", state]);
  expect(code).toBe(3);
  expect(stderr).toContain(`there is no credentials.json in ${state}`);
  expect(stderr).toContain("npm start");
});

test("a stack that does not answer is said to be unreachable, as text and as JSON", async () => {
  const env = { API_URL: dead, API_KEY: "k" };
  const text = await run(["status"], env);
  expect(text.code).toBe(3);
  expect(text.stderr).toBe(
    `${dead} does not answer (ECONNREFUSED)\n` +
      "Is the stack running? Start it with `npm start`, or set API_URL and API_KEY to use another one.\n",
  );
  const json = await run(["status", "--json"], env);
  expect(json.code).toBe(3);
  expect(JSON.parse(json.stdout)).toMatchObject({
    event: "error",
    message: `${dead} does not answer (ECONNREFUSED)`,
  });
});

test("half of the credentials, and a broken file of them, are refused without quoting them", async () => {
  expect((await run(["status"], { API_KEY: "SECRET" })).code).toBe(2);
  await writeFile(join(state, "credentials.json"), '{"apiKey": "SECRET", ');
  const { code, stderr } = await run(["status", "--state", state]);
  await rm(join(state, "credentials.json"));
  expect(code).toBe(1);
  expect(stderr).toContain("is not what `npm start` writes");
  expect(stderr).not.toContain("SECRET");
});
