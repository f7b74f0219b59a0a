import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { attestationKeysOf } from "../config/attestation-keys.ts";
import { freePort } from "./free-port.ts";
import { dropPostgresData } from "./postgres/home.ts";
import { identify } from "./process-identity.ts";
import { endAgents } from "./state-dir.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const START_TIMEOUT_MS = 120_000;

type Ready = { apiUrl: string; temporalAddress: string; temporalUiUrl?: string; credentialsFile: string };
type Answer = { environment: Record<string, string>; pid: number; agentPid: number };

let stateDir = "";
const children: ChildProcess[] = [];
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "convos-stack-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await endAgents(join(stateDir, "agents"));
  await dropPostgresData(join(stateDir, "postgres"));
  await rm(stateDir, { recursive: true });
});

/** The stack with one stand-in for the platform's programs, in a process of its own. */
async function start(flags: readonly string[] = [], environment: Record<string, string> = {}) {
  const code = `
    const { parseOptions } = await import(${JSON.stringify(join(import.meta.dirname, "options.ts"))});
    const { runLocalStack } = await import(${JSON.stringify(join(import.meta.dirname, "local-stack.ts"))});
    const options = parseOptions(process.argv.slice(1), "/");
    const program = { name: "gateway", script: "infra/local/testdata/program.ts", readyTimeoutMs: 20000, graceS: 5 };
    try {
      process.exitCode = await runLocalStack(options, ${JSON.stringify(ROOT)}, [program]);
    } catch (error) {
      console.error(error.message);
      process.exitCode = 1;
    }`;
  const ports = ["--port", String(await freePort()), "--xmtp-port", String(await freePort())];
  const args = ["--state", stateDir, "--headless", "--json", ...ports, ...flags];
  const child = spawn(process.execPath, ["--input-type=module", "-e", code, "--", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  children.push(child);
  let printed = "";
  child.stderr.on("data", (data) => {
    printed += String(data);
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const line = await new Promise<string>((resolve) => {
    createInterface({ input: child.stdout })
      .once("line", resolve)
      .once("close", () => resolve(""));
  });
  if (line === "") return { ready: undefined, child, exited, printed: () => printed };
  const ready: Ready = JSON.parse(line);
  return { ready, child, exited, printed: () => printed };
}

async function ask(apiUrl = ""): Promise<Answer> {
  const answer: Answer = JSON.parse(await (await fetch(apiUrl)).text());
  return answer;
}

const recordedPids = async (): Promise<number[]> =>
  JSON.parse(await readFile(join(stateDir, "run.json"), "utf8")).map(({ pid }: { pid: number }) => pid);

async function query(url: string, statement: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

describe("the local stack", { timeout: START_TIMEOUT_MS }, () => {
  it("starts every part, stops all of it on one signal, keeps its state, and drops it when asked", async () => {
    const first = await start();
    expect(first.ready, first.printed()).toBeDefined();
    const { environment, pid, agentPid } = await ask(first.ready?.apiUrl);
    expect(environment).toMatchObject({
      XMTP_ENV: "local",
      POOL_TARGET: "1",
      POOL_RETARGET: "0",
      TEMPORAL_NAMESPACE: "default",
      TEMPORAL_ADDRESS: first.ready?.temporalAddress,
      PUBLIC_API_URL: first.ready?.apiUrl,
      COMPUTE_DIR: join(stateDir, "agents"),
    });
    expect(JSON.parse(environment.AGENT_ENVIRONMENT ?? "")).toMatchObject({
      GATEWAY_URL: first.ready?.apiUrl,
      XMTP_ENV: "local",
      XMTP_API_URL: environment.XMTP_API_URL,
      MODEL_BASE_URL: environment.OPENROUTER_BASE_URL,
    });
    // The folder is private, so agents cannot have users of their own on it.
    expect(environment.GATEWAY_UID_BASE).toBeUndefined();
    expect(first.printed()).toContain("so agents run without a shell and host files");
    expect(environment.OPENROUTER_BASE_URL).toMatch(/^http:\/\/127\.0\.0\.1:\d+/);
    expect(Buffer.from(environment.MASTER_KEY ?? "", "base64")).toHaveLength(32);
    expect(attestationKeysOf(environment.ATTESTATION_KEYS)).toHaveLength(1);
    expect(environment.ATTESTATION_KEYS).not.toBe(environment.RECEIPT_KEY);
    const credentials = first.ready?.credentialsFile ?? "";
    expect((await stat(credentials)).mode & 0o777).toBe(0o600);
    const apiKey = environment.API_KEY;
    expect(JSON.parse(await readFile(credentials, "utf8"))).toEqual({
      apiUrl: first.ready?.apiUrl,
      apiKey,
      xmtpEnv: "local",
      xmtpApiUrl: environment.XMTP_API_URL,
    });
    await query(environment.DATABASE_URL ?? "", "create table kept (one int)");

    const pids = [...(await recordedPids()), pid, agentPid];
    first.child.kill("SIGINT");
    expect(await first.exited).toBe(0);
    for (const gone of pids) expect(await identify(gone)).toBeUndefined();
    const { MASTER_KEY, ATTESTATION_KEYS } = environment;
    for (const secret of [
      apiKey,
      MASTER_KEY,
      ATTESTATION_KEYS,
      new URL(environment.DATABASE_URL ?? "").password,
    ]) {
      expect(first.printed()).not.toContain(secret);
      for (const log of await readdir(join(stateDir, "logs"))) {
        expect(await readFile(join(stateDir, "logs", log), "utf8")).not.toContain(secret);
      }
    }

    const second = await start();
    const again = (await ask(second.ready?.apiUrl)).environment;
    expect(again.API_KEY).toBe(apiKey);
    expect(await query(again.DATABASE_URL ?? "", "select * from kept")).toEqual([]);
    second.child.kill("SIGTERM");
    expect(await second.exited).toBe(0);

    const third = await start(["--fresh", "--pool", "3"]);
    const { environment: anew, pid: crashing } = await ask(third.ready?.apiUrl);
    expect(anew).toMatchObject({ POOL_TARGET: "3", POOL_RETARGET: "1" });
    process.kill(crashing, "SIGKILL");
    const restarted = async () => {
      const answer = await ask(third.ready?.apiUrl).catch((error: unknown) => String(error));
      return typeof answer === "string" || answer.pid === crashing ? answer : answer.environment;
    };
    await expect.poll(restarted, { timeout: 20_000 }).toMatchObject({ POOL_RETARGET: "0" });
    expect(anew.API_KEY).not.toBe(apiKey);
    await expect(query(anew.DATABASE_URL ?? "", "select * from kept")).rejects.toThrow("does not exist");
    third.child.kill("SIGTERM");
    expect(await third.exited).toBe(0);
  });

  it("refuses a second stack on its folder, and leaves nothing behind when it is killed", async () => {
    const first = await start();
    const { pid, agentPid } = await ask(first.ready?.apiUrl);
    const second = await start();
    expect(await second.exited).toBe(1);
    expect(second.printed()).toContain(`a stack already runs on ${stateDir} (process ${first.child.pid})`);
    expect((await ask(first.ready?.apiUrl)).pid).toBe(pid);

    const groups = await recordedPids();
    first.child.kill("SIGKILL");
    for (const gone of [...groups, pid]) {
      await expect.poll(() => identify(gone), { timeout: 20_000 }).toBeUndefined();
    }
    // The agent is no child of the stack; the next start ends it.
    const third = await start();
    expect(third.printed()).toContain("ended what an earlier run left behind: 1 agent process");
    expect(await identify(agentPid)).toBeUndefined();
    third.child.kill("SIGTERM");
    expect(await third.exited).toBe(0);
  });

  it("uses the real provider with a key, and starts no double for it", async () => {
    const stack = await start([], { OPENROUTER_MANAGEMENT_KEY: "sk-or-v1-canary" });
    expect((await ask(stack.ready?.apiUrl)).environment).toMatchObject({
      OPENROUTER_MANAGEMENT_KEY: "sk-or-v1-canary",
      AGENTMAIL_BASE_URL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/),
    });
    expect(stack.printed()).toMatch(/Provider doubles +[\d.]+ s +agentmail, telnyx, bankr$/m);
    expect(stack.printed()).not.toContain("canary");
    stack.child.kill("SIGTERM");
    expect(await stack.exited).toBe(0);
  });

  it("names the part that did not start, and stops the others", async () => {
    const stack = await start([], { TEMPORAL_CLI_PATH: "/nowhere/temporal" });
    expect(await stack.exited).toBe(1);
    expect(stack.printed()).toContain("✗ Temporal");
    expect(stack.printed()).toContain("/nowhere/temporal does not run (ENOENT)");
    expect(await recordedPids()).toEqual([]);
  });
});
