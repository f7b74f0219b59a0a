import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AGENT_PATHS } from "../../domain/agent-protocol.ts";
import { CLI, eventsOf, runCli } from "./testing/run-cli.ts";

let folder: string;
let env: string;
let cli: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agent-gateway-"));
  env = join(folder, ".env");
});
afterEach(async () => {
  cli?.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

const childrenOf = async (pid: number): Promise<number[]> =>
  (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).split(" ").filter(Boolean).map(Number);

/** The line that the agent prints once it listens. */
async function portOf(child: ChildProcess): Promise<number> {
  let text = "";
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes("\n")) break;
  }
  const { listening }: { listening: number } = JSON.parse(text);
  return listening;
}

test.runIf(process.platform === "linux")(
  "the agent runs from its file alone, and no secret is where others look",
  async () => {
    expect((await runCli(["key-provision", "--env", env], { MODEL_KEY: "sk-of-a-test" })).code).toBe(0);
    const elsewhere = {
      XMTP_ENV: "local",
      XMTP_API_URL: "http://127.0.0.1:9",
      MODEL_BASE_URL: "http://127.0.0.1:9",
    };
    cli = spawn(process.execPath, [CLI, "gateway", "--env", env], {
      env: { PATH: process.env.PATH, PORT: "0", ...elsewhere },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const ended = once(cli, "exit");
    const port = await portOf(cli);
    // Nothing that it needs is there, so it says that it is not ready, and goes on trying.
    expect((await fetch(`http://127.0.0.1:${port}${AGENT_PATHS.health}`)).status).toBe(503);

    const { stdout: token } = await runCli(["token", "--env", env]);
    const status = await fetch(`http://127.0.0.1:${port}/convos/status`, {
      headers: { authorization: `Bearer ${token.trim()}` },
    });
    expect(status.status).toBe(200);

    const { INSTANCE_SECRET = "", STATE_KEY = "", MODEL_KEY = "" } = parseEnv(await readFile(env, "utf8"));
    const pids = [cli.pid ?? 0, ...(await childrenOf(cli.pid ?? 0))];
    expect(pids).toHaveLength(2);
    for (const pid of pids)
      for (const entry of ["environ", "cmdline"]) {
        const shown = await readFile(`/proc/${pid}/${entry}`, "latin1");
        expect(shown).not.toBe("");
        for (const secret of [INSTANCE_SECRET, STATE_KEY, MODEL_KEY]) expect(shown).not.toContain(secret);
      }

    const reset = await runCli(["reset", "--yes", "--env", env]);
    expect(reset.code).toBe(1);
    expect(reset.stderr).toContain("another agent process holds");
    const check = eventsOf(await runCli(["check", "--json", "--env", env]));
    expect(check).toContainEqual(
      expect.objectContaining({
        part: "state folder",
        state: "ok",
        detail: expect.stringContaining("an agent runs on it"),
      }),
    );

    cli.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    expect((await runCli(["reset", "--yes", "--env", env])).code).toBe(0);
  },
  60_000,
);
