import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../local/free-port.ts";
import { eventually } from "./eventually.ts";
import { startProgram, type TestProgram } from "./program.ts";

/**
 * The main job as a newcomer does it, on the real parts: the local stack with a real agent (openclaw too), the
 * command line, and a person who talks over XMTP.
 */
const ROOT = join(import.meta.dirname, "..", "..");
const BOOT_MS = 180_000;
const LOG_TAIL_CHARS = 2_000;
/** Longer than a chat waits for one answer. */
const CHAT_MS = 180_000;

let state: string;
let stack: TestProgram;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "main-job-"));
  const ports = ["--port", String(await freePort()), "--xmtp-port", String(await freePort())];
  stack = await startProgram({
    script: join(ROOT, "infra/local/main.ts"),
    args: ["--state", state, "--headless", "--json", "--pool", "1", ...ports],
    env: {},
    logFile: join(state, "stack.log"),
  });
}, BOOT_MS);

afterAll(async () => {
  await stack.stop();
  await rm(state, { recursive: true, force: true });
}, 60_000);

interface Ran {
  code: number | null;
  events: Record<string, unknown>[];
}

/** Runs a command of the command line and returns the lines of JSON that it printed. */
async function run(...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [join(ROOT, "cli/main.ts"), ...args, "--state", state, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.on("data", (data: Buffer) => {
    printed += data.toString();
  });
  await once(child, "close");
  const events = printed.split("\n").filter((line) => line !== "");
  return { code: child.exitCode, events: events.map((line) => Object(JSON.parse(line))) };
}

/** The texts that others than the person said, in order. */
const heard = ({ events }: Ran): string[] =>
  events
    .filter((event) => event.event === "message" && Object(event.from).isSelf === false)
    .map((event) => String(event.text));

/** What the model provider's double has now, as text. */
async function inventory(): Promise<string> {
  const { origin } = new URL(String(Object(stack.ready).openrouterUrl));
  return (await fetch(`${origin}/__double/state`)).text();
}

let instanceId: string;
let invite: string;
let pid: number;

it(
  "has an agent ready and hands it over",
  async () => {
    await eventually(
      "an agent is idle",
      async () => {
        const { events } = await run("status");
        return JSON.stringify(events).includes('"idle":1');
      },
      BOOT_MS,
    );
    const { code, events } = await run(
      "claim",
      "--name",
      "Marco",
      "--instructions",
      "You plan trips to the far north.",
    );
    expect(code).toBe(0);
    expect(events).toMatchObject([{ status: "live", agentName: "Marco", joined: false }]);
    instanceId = String(events[0]?.instanceId);
    invite = String(events[0]?.inviteUrl);
    pid = await processOf(join(state, "agents", `cv-local-${instanceId}`));
    expect(await isAlive(pid)).toBe(true);
    expect(await inventory()).toContain(`cv-local-${instanceId}`);
  },
  BOOT_MS,
);

it(
  "greets, knows its instructions, answers, remembers, and ends when told so in the chat",
  async () => {
    const chat = await run(
      "chat",
      invite,
      "--name",
      "Alice",
      ...["Hello, my name is Alice", "What are your instructions?", "What is my name?", "/explode"].flatMap(
        (text) => ["--message", text],
      ),
    );
    expect(chat.code, await logs()).toBe(0);
    const [greeting, hello, instructions, name, ...more] = heard(chat);
    expect(greeting).toContain("Marco");
    expect(hello).toContain("Alice");
    expect(instructions).toContain("You plan trips to the far north.");
    expect(name).toContain("Alice");
    expect(more).toEqual([]);
    expect(chat.events).toContainEqual({ event: "exploded", failed: [] });
  },
  CHAT_MS,
);

it("leaves nothing of the agent but its tombstone and a signed receipt", async () => {
  const instance = await eventually(
    "it has exploded",
    async () => {
      const answer = await api(`/api/instances/${instanceId}`);
      return answer.state === "exploded" && answer;
    },
    90_000,
  );
  expect(instance.endReason).toBe("exploded-by-member");
  expect(instance.receipt).toBeDefined();
  const outcomes = Object.fromEntries(
    [Object(instance.resources)].flat().map(({ kind, outcome }) => [kind, outcome]),
  );
  const absent = { kind: "absent" };
  expect(outcomes).toEqual({
    ...{ process: absent, "model-key": absent, mailbox: absent, "mailbox-key": absent, number: absent },
    ...{ wallet: { kind: "revoked-retained", balance: "0.00 USD" }, "wallet-key": absent },
  });
  expect(await readdir(join(state, "agents"))).not.toContain(`cv-local-${instanceId}`);
  expect(await isAlive(pid)).toBe(false);
  expect(await inventory()).not.toContain(`cv-local-${instanceId}`);
  expect(await api("/api/pool/audit", "POST")).toEqual({ violations: [] });
}, 120_000);

/** What the agent logged last, for a failure's message. */
async function logs(): Promise<string> {
  const folder = join(state, "agents", `cv-local-${instanceId}`);
  const files = [join(folder, "agent.log"), join(folder, "state/gateway/console.log")];
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => "")));
  return texts.map((text) => text.slice(-LOG_TAIL_CHARS)).join("\n");
}

async function processOf(folder: string): Promise<number> {
  return Number(Object(JSON.parse(await readFile(join(folder, "run.json"), "utf8"))).pid);
}

async function isAlive(pid: number): Promise<boolean> {
  return readFile(`/proc/${pid}/stat`, "utf8").then(
    () => true,
    () => false,
  );
}

async function api(path: string, method = "GET"): Promise<Record<string, unknown>> {
  const { apiUrl, apiKey } = Object(JSON.parse(await readFile(join(state, "credentials.json"), "utf8")));
  const response = await fetch(`${apiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}` },
  });
  return Object(await response.json());
}
