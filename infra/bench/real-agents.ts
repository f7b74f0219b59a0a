import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../local/free-port.ts";
import { eventually } from "../testing/eventually.ts";
import { startProgram } from "../testing/program.ts";
import type { Target } from "./claim-request.ts";
import { sequential } from "./load.ts";
import { residentMib } from "./machine.ts";
import type { Output } from "./output.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const BOOT_MS = 600_000;
const TURNS = 20;

/** The stack as `npm start` runs it, with real agents: how soon it is there, how it hands over, what it weighs. */
export async function benchRealAgents(output: Output, agents: number): Promise<void> {
  const state = await mkdtemp(join(tmpdir(), "bench-"));
  const args = ["--state", state, "--headless", "--json", "--pool", String(agents)];
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
  await using stack = disposable(
    await startProgram({
      script: join(ROOT, "infra/local/main.ts"),
      args: [...args, "--port", String(await freePort()), "--xmtp-port", String(await freePort())],
      env: {},
      logFile: join(state, "stack.log"),
    }),
    state,
  );
  const ready = seconds();
  const target: Target = Object(JSON.parse(await readFile(join(state, "credentials.json"), "utf8")));
  const idle = async () =>
    Number(Object(await (await fetch(`${target.apiUrl}/api/pool/counts`)).json()).idle);
  await eventually("the first agent is idle", async () => (await idle()) > 0, BOOT_MS);
  const first = seconds();
  await eventually(`${agents} agents are idle`, async () => (await idle()) >= agents, BOOT_MS);
  output.note(
    `Stack ready after ${ready} s, first real agent idle after ${first} s, ${agents} after ${seconds()} s.`,
  );

  await call(target, "POST", "/api/pool/pause", { reason: "the benchmark measures claims, not refilling" });
  await output.run("real agents, one after the other", () => sequential(target, "real", agents));

  const claim = await call(
    target,
    "POST",
    "/api/pool/claim",
    { instructions: "You are our trip planner" },
    "real-0",
  );
  const agentPid = Number(
    Object(
      JSON.parse(
        await readFile(join(state, "agents", `cv-local-${String(claim.instanceId)}`, "run.json"), "utf8"),
      ),
    ).pid,
  );
  const before = await residentMib(agentPid);
  await talk(state, String(claim.inviteUrl));
  const after = await residentMib(agentPid);
  const parts: unknown = JSON.parse(await readFile(join(state, "run.json"), "utf8"));
  const weights: string[] = [];
  for (const { name, pid } of partsOf(parts)) weights.push(`${name} ${await residentMib(pid)}`);
  output.note(
    `Resident memory, MiB: one agent with its gateway ${before} idle, ${after} after ${TURNS} turns; ${weights.join(", ")}.`,
  );
  await stack.stop();
}

/** A person asks and waits for the answer, again and again. */
async function talk(state: string, invite: string): Promise<void> {
  const messages = Array.from({ length: TURNS }, (_, index) => [
    "--message",
    `What is ${index} plus 1?`,
  ]).flat();
  const child = spawn(
    process.execPath,
    [join(ROOT, "cli/main.ts"), "chat", invite, ...messages, "--state", state, "--json"],
    {
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  await once(child, "close");
  if (child.exitCode !== 0) throw new Error("the chat did not come to its end");
}

async function call(
  { apiUrl, apiKey }: Target,
  method: string,
  path: string,
  body: object,
  key?: string,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${apiUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      "content-type": "application/json",
      ...(key ? { "idempotency-key": key } : {}),
    },
    body: JSON.stringify(body),
  });
  return Object(await response.json());
}

function partsOf(record: unknown): { name: string; pid: number }[] {
  if (!Array.isArray(record)) return [];
  return record.map((part: unknown) => ({ name: String(Object(part).name), pid: Number(Object(part).pid) }));
}

function disposable(
  stack: { stop(): Promise<void> },
  state: string,
): AsyncDisposable & { stop(): Promise<void> } {
  return {
    stop: () => stack.stop(),
    async [Symbol.asyncDispose]() {
      await stack.stop();
      await rm(state, { recursive: true, force: true });
    },
  };
}
