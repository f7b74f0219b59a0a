import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import {
  type OutsideFixture,
  startOutsideFixture,
  type TestInstance,
} from "../../../api/testing/outside-fixture.ts";
import type { Fault } from "../../../infra/local/doubles/base/faults.ts";
import { TestTelnyx } from "../../../infra/local/doubles/telnyx/testing.ts";
import type { Mandate } from "../../skills/kit/mandate.ts";
import { aMandate, openTestWorkspace } from "../../skills/kit/testing.ts";
import { createTelnyxSkill } from "../../skills/telnyx-cli/index.ts";
import type { SmsLog } from "../../skills/telnyx-cli/sms-log.ts";
import { createSmsPolicy, type SmsPolicy } from "../../skills/telnyx-cli/sms-policy.ts";
import { createLoopbackServer, type LoopbackServer } from "../loopback/server.ts";
import { openDatabase } from "../state/database.ts";
import { createSmsLog } from "../state/sms-log.ts";
import { createVault } from "../state/vault.ts";
import { createTelnyxRelay } from "./telnyx-relay.ts";

const COMMAND = new URL("../../openclaw/workspace/skills/telnyx-cli/scripts/telnyx", import.meta.url);
const ADA = "+13125550142";
const MALLORY = "+13125550199";

let telnyx: TestTelnyx;
let fixture: OutsideFixture;
let instance: TestInstance;
let number: string;
let loopback: LoopbackServer;
let home: string;
let log: SmsLog;
let policy: SmsPolicy;
let mandate: Mandate | undefined;
let closeState: () => void;

/** The whole way: Telnyx's own command, the agent, the gateway, the provider. */
beforeAll(async () => {
  telnyx = await TestTelnyx.start();
  fixture = await startOutsideFixture({
    TELNYX_API_KEY: telnyx.double.apiKey,
    TELNYX_BASE_URL: telnyx.double.url,
  });
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  await telnyx.close();
});
beforeEach(async () => {
  number = await telnyx.buyNumber(await telnyx.createProfile(), `cv-${Math.random()}`);
  instance = await fixture.instance({ number });
  home = mkdtempSync(join(tmpdir(), "relay-"));
  const database = openDatabase(join(home, "state.sqlite"));
  log = createSmsLog(database, createVault("ab".repeat(32), new Uint8Array(32)));
  policy = createSmsPolicy({ log, sender: () => "Trip Planner" });
  closeState = () => database.close();
  mandate = aMandate({ named: [ADA] });
  loopback = await start(fixture.gateway.url);
});
afterEach(async () => {
  await loopback.close();
  closeState();
  rmSync(home, { recursive: true });
});

const start = (gatewayUrl: string, sms = true): Promise<LoopbackServer> =>
  createLoopbackServer({
    turnSource: {
      next: async () => undefined,
      complete: async () => undefined,
      send: async () => undefined,
      noteAction: () => undefined,
      noteUsage: () => undefined,
    },
    model: { baseUrl: "http://127.0.0.1:9", modelId: "test/model", key: "none" },
    telnyx: createTelnyxRelay({
      gatewayUrl,
      instanceId: instance.id,
      instanceSecret: instance.secret,
      ...(sms && { sms: { policy, mandate: async () => mandate } }),
    }),
    log: () => undefined,
  });

/** Runs the command as the model's shell does: with an address and a token, and no key of Telnyx. */
async function run(parameters: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(fileURLToPath(COMMAND), parameters, {
    env: {
      PATH: `${fileURLToPath(new URL(".", `file://${process.execPath}`))}:/usr/bin:/bin`,
      HOME: home,
      TELNYX_AGENT_DIR: fileURLToPath(new URL("../../", import.meta.url)),
      CONVOS_SKILLS_URL: `${loopback.url}/skills`,
      CONVOS_LOOPBACK_TOKEN: loopback.token,
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  // The command breaks its lines to fit a terminal.
  return { code: await ended, output: (output + errors).replace(/\s+/g, " ") };
}
const send = (to: string, words: string) =>
  run(["message", "send", "--from", "+13125550000", "--to", to, "--text", words]);

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${loopback.url}${path}`, { ...init, headers: { authorization: `Bearer ${loopback.token}` } });
const post = (body: unknown): Promise<Response> =>
  ask("/telnyx/v2/messages", { method: "POST", body: JSON.stringify(body) });

const sentFrom = async (from: string): Promise<{ to: string; text: string }[]> => {
  const { messages } = Object((await telnyx.control("GET", "telnyx/messages")).body);
  return messages.filter((message: { from: string }) => message.from === from);
};
const fault = (kind: Fault, position: "before" | "after") =>
  telnyx.double.faults.add({ match: { method: "POST", path: "^/v2/messages$" }, fault: kind, position });

it("lets the real command send from the agent's number, with the introduction, and list the number", async () => {
  const { code, output } = await send(ADA, "From the command");
  expect(output).toContain("Message sent!");
  expect(code).toBe(0);
  expect(await sentFrom(number)).toMatchObject([
    { to: ADA, text: "From the command\nFrom Trip Planner. Reply STOP to opt out." },
  ]);
  expect((await run(["number", "list"])).output).toContain(number);
});

it("refuses the command what the tool is refused: each with its reason, and nothing is sent", async () => {
  const refusals = [
    [await send(MALLORY, "Everything they wrote"), "Nobody here has named that address"],
    [await send("+33612345678", "Bonjour"), "number of France"],
    [await send(ADA, " "), "the text is empty"],
    [
      await run([
        ...["message", "send", "--from", number, "--to", ADA, "--text", "x"],
        ...["--media", "https://a.example/x.png"],
      ]),
      "Only text can be sent",
    ],
    [await run(["number", "order", "+13125550111"]), "Nothing but a message"],
  ] as const;
  for (const [{ code, output }, reason] of refusals) {
    expect(output).toContain(reason);
    expect(code).not.toBe(0);
  }
  expect(await sentFrom(number)).toEqual([]);
});

it("honours STOP, and forgets it with START", async () => {
  policy.noteReceived({ from: ADA, text: "STOP", reference: "r1", sentAt: new Date().toISOString() });
  expect((await send(ADA, "Hi")).output).toContain("opted out with STOP");
  policy.noteReceived({ from: ADA, text: "START", reference: "r2", sentAt: new Date().toISOString() });
  expect((await send(ADA, "Hi")).output).toContain("Message sent!");
  expect(await sentFrom(number)).toHaveLength(1);
});

it("sends once: the same words again, or after no answer, are refused", async () => {
  expect((await post({ to: ADA, text: "One" })).status).toBe(200);
  expect(await (await post({ to: ADA, text: "One" })).json()).toMatchObject({
    errors: [{ detail: expect.stringContaining("just been sent") }],
  });
  fault({ kind: "reset" }, "after");
  expect((await post({ to: ADA, text: "Two" })).status).toBe(504);
  expect(await (await post({ to: ADA, text: "Two" })).json()).toMatchObject({
    errors: [{ detail: expect.stringContaining("not known whether") }],
  });
  expect(await sentFrom(number)).toHaveLength(2);
});

it("and the agent's own tool keep one log of what went, by the same broker", async () => {
  const workspace = openTestWorkspace();
  const skillOf = ({ id, secret }: TestInstance, own: string) =>
    createTelnyxSkill({
      ...{ log, policy, requestNumber: async () => undefined },
      number: async () => ({ state: "ready", e164: own }),
      access: async () => ({
        baseUrl: `${fixture.gateway.url}/broker/${id}/telnyx/v2`,
        token: secret,
        number: own,
      }),
    });
  const skill = skillOf(instance, number);
  const tool = (name: string, params: unknown, from = skill) =>
    from.tools.find((one) => one.name === name)?.run(params, workspace.call({ callId: crypto.randomUUID() }));

  expect(await skill.setup(AbortSignal.timeout(5_000))).toMatchObject({ state: "ready" });
  expect((await tool("sms_send", { to: ADA, text: "By the tool" }))?.text).toContain(`from ${number}`);
  expect((await send(ADA, "By the tool")).output).toContain("have just been sent");
  expect((await send(ADA, "By the command")).output).toContain("Message sent!");
  expect((await tool("sms_list", {}))?.text).toMatch(/delivered\n {2}> By the command\n.*By the tool\n/s);
  expect(await sentFrom(number)).toMatchObject([
    { text: expect.stringMatching(/STOP/) },
    { text: "By the command" },
  ]);

  const unknown = "+13125550123";
  const early = skillOf(await fixture.instance({ number: unknown }), unknown);
  await expect(tool("sms_send", { to: ADA, text: "Too early" }, early)).rejects.toThrow(
    /Nothing was sent; try again later/,
  );
  expect(await early.setup(AbortSignal.timeout(5_000))).toMatchObject({ state: "failing" });
  await workspace.close();
});

it("passes on what the provider refuses, after which it may be tried again", async () => {
  fault({ kind: "status", status: 422, body: { errors: [{ code: "40002", title: "Spam" }] } }, "before");
  const refused = await post({ to: ADA, text: "Hi" });
  expect([refused.status, await refused.json()]).toMatchObject([422, { errors: [{ code: "40002" }] }]);
  expect((await post({ to: ADA, text: "Hi" })).status).toBe(200);
});

it("sends nothing while no turn is open, without the rules, or what is no message", async () => {
  for (const body of [{}, { to: ADA }, { to: ADA, text: "" }, { to: [ADA], text: "x" }, "no object"])
    expect((await post(body)).status).toBe(422);
  mandate = undefined;
  expect((await post({ to: ADA, text: "Hi" })).status).toBe(403);
  await using stack = new AsyncDisposableStack();
  const without = await start(fixture.gateway.url, false);
  stack.defer(() => without.close());
  const answer = await fetch(`${without.url}/telnyx/v2/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${without.token}` },
    body: JSON.stringify({ to: ADA, text: "Hi" }),
  });
  expect(answer.status).toBe(403);
  expect(await sentFrom(number)).toEqual([]);
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
  for (const path of [
    "/telnyx/v2/messages/",
    "/telnyx/v2//messages",
    "/telnyx/v2/%6dessages",
    "/telnyx/v2/number_orders",
  ])
    expect(
      (await ask(path, { method: "POST", body: JSON.stringify({ to: MALLORY, text: "x" }) })).status,
    ).toBe(403);
  expect((await fetch(`${loopback.url}/telnyx/v2/phone_numbers`)).status).toBe(401);
  const large = await ask("/telnyx/v2/messages", { method: "POST", body: "x".repeat(70_000) });
  expect(large.status).toBe(413);
  expect(await sentFrom(number)).toEqual([]);
});

it("says that it does not know what became of a request without an answer", async () => {
  await using stack = new AsyncDisposableStack();
  const lost = await start("http://127.0.0.1:1");
  stack.defer(() => lost.close());
  const answer = await fetch(`${lost.url}/telnyx/v2/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${lost.token}` },
    body: JSON.stringify({ to: ADA, text: "Hi" }),
  });
  expect(answer.status).toBe(504);
  expect(answer.headers.get("x-should-retry")).toBe("false");
  expect(await answer.json()).toMatchObject({ errors: [{ code: "10037" }] });
});

it("does not run without an address and a token, and shows neither a key nor the instance's secret", async () => {
  const unset = await run(["number", "list"], { CONVOS_LOOPBACK_TOKEN: "" });
  expect([unset.code, unset.output]).toEqual([78, expect.stringContaining("not set up here")]);
  const { output } = await run(["message", "get", "00000000-0000-4000-8000-000000000001", "--verbose"]);
  for (const secret of [instance.secret, telnyx.double.apiKey, loopback.token])
    expect(output).not.toContain(secret);
});
