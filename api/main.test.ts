import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { freePort } from "../infra/local/free-port.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the gateway as a process; `onReady` gets its URL. */
async function run(
  environment: Readonly<Record<string, string>>,
  onReady: (url: string) => Promise<void>,
): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => {
    stderr += data;
  });
  const ready = new Promise<void>((resolve) => {
    child.stdout.on("data", (data: Buffer) => {
      stdout += data;
      if (stdout.endsWith("\n")) resolve();
    });
    child.once("exit", () => resolve());
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  await ready;
  try {
    if (stdout !== "") await onReady(JSON.parse(stdout).url);
  } finally {
    if (child.exitCode === null && stdout !== "") child.kill("SIGTERM");
  }
  return { code: await ended, stdout, stderr };
}

const environment = async () => ({
  DATABASE_URL: `postgresql://u:p@127.0.0.1:${await freePort()}/db`,
  TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}`,
  API_KEY: "0123456789abcdef",
  MASTER_KEY: Buffer.alloc(32).toString("base64"),
  API_PORT: "0",
});

test("prints one line when it listens and ends in good order on SIGTERM", async () => {
  const { code, stdout } = await run(await environment(), async (url) => {
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    // A call to Temporal is still being retried when it is told to stop.
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
  });
  expect(JSON.parse(stdout)).toEqual({
    ready: true,
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
  });
  expect(code).toBe(0);
});

test("says what is wrong with its configuration and does not start", async () => {
  const { code, stdout, stderr } = await run({ API_PORT: "none" }, async () => undefined);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toBe(
    "the configuration of the gateway is not usable (docs/reference/configuration.md):\n" +
      "  DATABASE_URL is missing\n  MASTER_KEY is missing\n  API_PORT is invalid\n",
  );
});
