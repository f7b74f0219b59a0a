import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type OutsideFixture,
  startOutsideFixture,
  type TestInstance,
} from "../../../api/testing/outside-fixture.ts";
import { TestTelnyx } from "../../../infra/local/doubles/telnyx/testing.ts";
import { createLoopbackServer, type LoopbackServer } from "../loopback/server.ts";
import { createTelnyxRelay } from "./telnyx-relay.ts";

const REDIRECT = new URL("../../openclaw/preload/telnyx-redirect.mjs", import.meta.url).href;
let telnyx: TestTelnyx;
let fixture: OutsideFixture;
let instance: TestInstance;
let number: string;
let loopback: LoopbackServer;

/** The whole way: a program that knows only Telnyx's own address, the agent, the gateway, the provider. */
beforeAll(async () => {
  telnyx = await TestTelnyx.start();
  number = await telnyx.buyNumber(await telnyx.createProfile());
  fixture = await startOutsideFixture({
    TELNYX_API_KEY: telnyx.double.apiKey,
    TELNYX_BASE_URL: telnyx.double.url,
  });
  instance = await fixture.instance({ number });
  loopback = await start(fixture.gateway.url);
});
afterAll(async () => {
  await loopback.close();
  await fixture[Symbol.asyncDispose]();
  await telnyx.close();
});

const start = (gatewayUrl: string): Promise<LoopbackServer> =>
  createLoopbackServer({
    turnSource: {
      next: async () => undefined,
      complete: async () => undefined,
      send: async () => undefined,
      noteAction: () => undefined,
    },
    model: { baseUrl: "http://127.0.0.1:9", modelId: "test/model", key: "none" },
    telnyx: createTelnyxRelay({
      gatewayUrl,
      instanceId: instance.id,
      instanceSecret: instance.secret,
    }),
    log: () => undefined,
  });

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${loopback.url}${path}`, { ...init, headers: { authorization: `Bearer ${loopback.token}` } });

it("lets a program that is preloaded with the redirect send from the agent's number, without its secret", async () => {
  const script = `
    const answer = await fetch("https://api.telnyx.com/v2/messages", {
      method: "POST",
      headers: { authorization: "Bearer " + process.env.TELNYX_API_KEY, "content-type": "application/json" },
      body: JSON.stringify({ from: "+1", to: "+13125550142", text: "From the command" }),
    });
    const list = await fetch("https://api.telnyx.com/v2/phone_numbers?page[size]=5", {
      headers: { authorization: "Bearer " + process.env.TELNYX_API_KEY },
    });
    console.log(JSON.stringify([await answer.json(), await list.json()]));`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    env: {
      PATH: process.env.PATH ?? "",
      NODE_OPTIONS: `--import ${REDIRECT}`,
      TELNYX_BROKER_URL: `${loopback.url}/telnyx`,
      TELNYX_API_KEY: loopback.token,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [sent, listed] = JSON.parse(await text(child.stdout));
  expect(sent.data).toMatchObject({ from: { phone_number: number }, text: "From the command" });
  expect(listed.data).toMatchObject([{ phone_number: number }]);
});

it("leads nowhere but to the broker's part for Telnyx", async () => {
  const paths = [
    `/telnyx/v2/../../../../api/instances/${instance.id}/events`,
    "/telnyx/v2/%2e%2e/%2e%2e/%2e%2e/api/pool",
    "/telnyx/api/pool",
    "/telnyx/v2/messages/..%2f..%2fx",
  ];
  for (const path of paths) expect([403, 404]).toContain((await ask(path)).status);
  expect((await ask("/telnyx/v2/messages", { method: "DELETE" })).status).toBe(403);
  expect((await fetch(`${loopback.url}/telnyx/v2/phone_numbers`)).status).toBe(401);
  const large = await ask("/telnyx/v2/messages", { method: "POST", body: "x".repeat(70_000) });
  expect(large.status).toBe(413);
});

it("says that it does not know what became of a request without an answer", async () => {
  await using stack = new AsyncDisposableStack();
  const lost = await start("http://127.0.0.1:1");
  stack.defer(() => lost.close());
  const answer = await fetch(`${lost.url}/telnyx/v2/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${lost.token}` },
    body: "{}",
  });
  expect(answer.status).toBe(504);
  expect(answer.headers.get("x-should-retry")).toBe("false");
  expect(await answer.json()).toMatchObject({ errors: [{ code: "10037" }] });
});
