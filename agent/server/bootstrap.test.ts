import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AGENT_PATHS, MAC_HEADER, NONCE_HEADER, statusRequestParts } from "../../domain/agent-protocol.ts";
import { type BootstrapOptions, fetchSecrets, takeBootstrapToken } from "./bootstrap.ts";
import { macOf } from "./pool/instance-auth.ts";

const MAIN = fileURLToPath(new URL("./testing/echo-main.ts", import.meta.url));
const TOKEN = randomBytes(32).toString("base64url");
const hex = "0123456789abcdef".repeat(4);
const secrets = { instanceSecret: hex, modelKey: "sk-1", stateKey: hex };

/** The gateway's answers one after the other; the last one is repeated. A number below 100 breaks the connection. */
let answers: { status: number; body?: string }[];
let requests: { url: string | undefined; headers: IncomingHttpHeaders; body: string }[];
let server: Server;
let gatewayUrl: string;

beforeEach(async () => {
  requests = [];
  answers = [];
  server = createServer(async (request, response) => {
    requests.push({ url: request.url, headers: request.headers, body: await text(request) });
    const { status, body = "" } = (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 500 };
    if (status < 100) request.socket.resetAndDestroy();
    else response.writeHead(status, { "content-type": "application/json" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on TCP");
  gatewayUrl = `http://127.0.0.1:${address.port}`;
});
afterEach(async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
});

describe("fetching the secrets", () => {
  const logged: string[] = [];
  const fetchNow = (more: Partial<BootstrapOptions> = {}) =>
    fetchSecrets({
      gatewayUrl,
      instanceId: "abcdef012345",
      epoch: 3,
      token: TOKEN,
      log: (event, fields) => void logged.push(JSON.stringify({ event, ...fields })),
      ...more,
    });

  it("asks once, with the token as bearer and nothing of it in the URL", async () => {
    answers = [{ status: 200, body: JSON.stringify(secrets) }];
    expect(await fetchNow()).toEqual(secrets);
    expect(requests).toMatchObject([
      {
        url: "/api/instances/abcdef012345/bootstrap",
        headers: { authorization: `Bearer ${TOKEN}` },
        body: '{"epoch":3}',
      },
    ]);
  });

  it("asks again while the gateway is away or in trouble, saying so without the token", async () => {
    const good = { status: 200, body: JSON.stringify(secrets) };
    answers = [{ status: 0 }, { status: 503 }, { status: 429 }, good];
    expect(await fetchNow()).toEqual(secrets);
    expect(requests).toHaveLength(4);
    expect(logged).toHaveLength(3);
    for (const line of logged) expect(line).not.toContain(TOKEN);
  });

  it.each([400, 401, 403, 404, 410])("takes %d for a refusal, at once", async (status) => {
    answers = [{ status }];
    await expect(fetchNow()).rejects.toMatchObject({ name: "BootstrapError", kind: "refused" });
    expect(requests).toHaveLength(1);
  });

  it("gives up in the end", async () => {
    answers = [{ status: 503 }];
    const options = { giveUpAfterMs: 400 };
    await expect(fetchNow(options)).rejects.toMatchObject({ name: "BootstrapError", kind: "unreachable" });
    expect(requests.length).toBeGreaterThan(0);
  });

  it.each([
    ["{secret-words", "one line of JSON"],
    [JSON.stringify({ ...secrets, stateKey: "secret-words" }), "exactly instanceSecret"],
    [`"${"secret-words".repeat(2_000)}"`, "too long"],
  ])("refuses an answer that does not hold them, without quoting it", async (body, problem) => {
    answers = [{ status: 200, body }];
    const error: unknown = await fetchNow().catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(problem);
    expect(String(error)).not.toContain("secret-words");
  });
});

it("the token is taken out of the environment", () => {
  const environment = { BOOTSTRAP_TOKEN: TOKEN, OTHER: "stays" };
  expect(takeBootstrapToken(environment)).toBe(TOKEN);
  expect(environment).toEqual({ OTHER: "stays" });
  expect(takeBootstrapToken(environment)).toBeUndefined();
});

describe("an agent's process that is given a token", () => {
  let stateDir: string;
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), "bootstrap-"));
  });
  afterEach(() => rm(stateDir, { recursive: true }));

  const start = () => {
    const child = spawn(process.execPath, [MAIN], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH ?? "",
        INSTANCE_ID: "abcdef012345",
        EPOCH: "3",
        GENERATION: "test",
        STATE_DIR: stateDir,
        GATEWAY_URL: gatewayUrl,
        XMTP_ENV: "local",
        XMTP_API_URL: "http://127.0.0.1:9",
        MODEL_BASE_URL: "http://127.0.0.1:9",
        MODEL_ID: "test/model",
        BOOTSTRAP_TOKEN: TOKEN,
      },
    });
    return { child, ended: once(child, "exit"), stderr: text(child.stderr) };
  };

  it("starts with what the gateway gave it", async () => {
    answers = [{ status: 200, body: JSON.stringify(secrets) }, { status: 202 }];
    const { child, ended, stderr } = start();
    try {
      const [line]: unknown[] = await once(createInterface(child.stdout), "line");
      const { listening }: { listening: number } = JSON.parse(String(line));
      const ask = (secret: string) =>
        fetch(`http://127.0.0.1:${listening}${AGENT_PATHS.status}`, {
          headers: {
            [NONCE_HEADER]: "0".repeat(16),
            [MAC_HEADER]: macOf(secret, statusRequestParts("0".repeat(16))),
          },
        }).then(({ status }) => status);
      expect(await ask(secrets.instanceSecret)).toBe(200);
      expect(await ask("f".repeat(64))).toBe(401);
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
    expect(await stderr).not.toContain(TOKEN);
  });

  it("ends with 77 and one line when it is refused", async () => {
    answers = [{ status: 401 }];
    const { ended, stderr } = start();
    expect(await ended).toEqual([77, null]);
    expect(JSON.parse(await stderr)).toEqual({
      event: "cannot-start",
      error: "BootstrapError",
      reason: "the platform refused the bootstrap token with 401",
    });
  });
});
