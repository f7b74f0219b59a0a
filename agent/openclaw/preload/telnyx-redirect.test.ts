import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const REDIRECT = pathToFileURL(fileURLToPath(new URL("./telnyx-redirect.mjs", import.meta.url))).href;

interface Seen {
  method: string | undefined;
  url: string | undefined;
  authorization: string | undefined;
  body: string;
}

const seen: Seen[] = [];
const server = createServer(async (request, response) => {
  const { method, url, headers } = request;
  seen.push({ method, url, authorization: headers.authorization, body: await text(request) });
  response.setHeader("content-type", "application/json").end('{"data":{"id":"m1"}}');
});
let origin: string;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  origin = `http://127.0.0.1:${address.port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Runs a program as the command is run: preloaded by NODE_OPTIONS. Answers what it prints. */
async function run(script: string, environment: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    env: { PATH: process.env.PATH ?? "", NODE_OPTIONS: `--import ${REDIRECT}`, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return output + errors;
}

it("sends the requests of a program to Telnyx to the broker, whole", async () => {
  const script = `
    const headers = { authorization: "Bearer token", "content-type": "application/json" };
    const sent = await fetch("https://api.telnyx.com/v2/messages", { method: "POST", headers, body: '{"to":"+1"}' });
    await fetch(new URL("https://api.telnyx.com/v2/phone_numbers?page[size]=2"), { headers });
    await fetch(new Request("https://api.telnyx.com/v2/messages/%2B1", { method: "PUT", headers, body: "{}" }));
    process.stdout.write(await sent.text());`;
  const output = await run(script, { TELNYX_BROKER_URL: `${origin}/broker/abc/telnyx/` });
  expect(output).toBe('{"data":{"id":"m1"}}');
  const authorization = "Bearer token";
  expect(seen).toEqual([
    { method: "POST", url: "/broker/abc/telnyx/v2/messages", authorization, body: '{"to":"+1"}' },
    { method: "GET", url: "/broker/abc/telnyx/v2/phone_numbers?page[size]=2", authorization, body: "" },
    { method: "PUT", url: "/broker/abc/telnyx/v2/messages/%2B1", authorization, body: "{}" },
  ]);
});

it("leaves other addresses alone, also those that only look like Telnyx", async () => {
  seen.length = 0;
  const script = `
    await fetch("${origin}/elsewhere?of=https://api.telnyx.com/v2");
    await fetch("https://api.telnyx.com.invalid/v2/messages").catch(() => process.stdout.write("not reached"));`;
  expect(await run(script, { TELNYX_BROKER_URL: `${origin}/broker` })).toBe("not reached");
  expect(seen.map(({ url }) => url)).toEqual(["/elsewhere?of=https://api.telnyx.com/v2"]);
});

it("reaches nobody without a broker", async () => {
  const script = `await fetch("https://api.telnyx.com/v2/messages").catch((error) => process.stdout.write(error.message));`;
  expect(await run(script, {})).toBe("TELNYX_BROKER_URL is not set");
});
