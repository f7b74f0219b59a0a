import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Fault } from "../../../infra/local/doubles/base/faults.ts";
import { TestTelnyx } from "../../../infra/local/doubles/telnyx/testing.ts";
import { openDatabase } from "../../server/state/database.ts";
import { createSmsLog } from "../../server/state/sms-log.ts";
import { createVault } from "../../server/state/vault.ts";
import { aMandate, openTestWorkspace, type TestWorkspace } from "../kit/testing.ts";
import type { ToolCall } from "../kit/tool.ts";
import { ToolError } from "../kit/tool-error.ts";
import { createTelnyxSkill, type NumberState, type TelnyxSkillOptions } from "./index.ts";
import { SMS_LIMITS } from "./limits.ts";
import type { SmsLog } from "./sms-log.ts";
import { createSmsPolicy, type SmsPolicy } from "./sms-policy.ts";
import type { SmsAccess } from "./telnyx.ts";
import { closedPort } from "./testing.ts";

const ADA = "+13125550142";

let telnyx: TestTelnyx;
let profile: string;
let number: string;
let access: SmsAccess;
let dir: string;
let database: DatabaseSync;
let log: SmsLog;
let policy: SmsPolicy;
let workspace: TestWorkspace;
let calls: number;
beforeEach(async () => {
  telnyx = await TestTelnyx.start();
  profile = await telnyx.createProfile();
  number = await telnyx.buyNumber(profile);
  access = { baseUrl: telnyx.double.url, token: telnyx.double.apiKey, number };
  dir = mkdtempSync(join(tmpdir(), "sms-"));
  database = openDatabase(join(dir, "state.sqlite"));
  log = createSmsLog(database, createVault("ab".repeat(32), new Uint8Array(32)));
  policy = createSmsPolicy({ log, sender: () => "Trip Planner" });
  workspace = openTestWorkspace();
  calls = 0;
});
afterEach(async () => {
  database.close();
  rmSync(dir, { recursive: true });
  await workspace.close();
  await telnyx.close();
});

const skillOf = (options: Partial<TelnyxSkillOptions> = {}) =>
  createTelnyxSkill({
    log,
    policy,
    access: async () => access,
    number: async () => ({ state: "ready", e164: number }),
    requestNumber: async () => undefined,
    ...options,
  });

async function use(name: string, params: unknown, call: Partial<ToolCall> = {}, options = {}) {
  const tool = skillOf(options).tools.find((one) => one.name === name);
  if (tool === undefined) throw new Error(`no tool ${name}`);
  calls += 1;
  return tool.run(params, workspace.call({ callId: `call-${calls}`, ...call }));
}
const send = (text = "Dinner at 8?", to = ADA, call: Partial<ToolCall> = {}) =>
  use("sms_send", { to, text }, call);

const messages = async (): Promise<{ from: string; to: string; text: string }[]> =>
  Object((await telnyx.control("GET", "telnyx/messages")).body).messages;
const fault = (kind: Fault, position: "before" | "after" = "before") =>
  telnyx.double.faults.add({ match: { method: "POST", path: "^/v2/messages$" }, fault: kind, position });
const attempts = async (): Promise<number> =>
  Object((await telnyx.control("GET", "log")).body).log.filter(
    (one: { method: string; path: string }) => one.method === "POST" && one.path === "/v2/messages",
  ).length;

describe("sms_send", () => {
  it("sends from the agent's number, once, and says what was sent", async () => {
    const { text, isForeign } = await send("Dinner at 8?", "(312) 555-0142");
    const words = "Dinner at 8?\nFrom Trip Planner. Reply STOP to opt out.";
    expect(text).toBe(`Sent to ${ADA} from ${number}:\n${words}`);
    expect(isForeign).toBeUndefined();
    expect(await messages()).toMatchObject([{ from: number, to: ADA, text: words }]);
  });

  it("is not done by a repetition of the same call", async () => {
    await send("Hi", ADA, { callId: "same" });
    expect((await send("Hi", ADA, { callId: "same" })).text).toMatch(/^Sent to/);
    expect(await attempts()).toBe(1);
  });

  it("is refused without a mandate, and nothing reaches the provider", async () => {
    const unnamed = { mandate: aMandate({ named: [] }) };
    await expect(send("Hi", ADA, unnamed)).rejects.toThrow(ToolError);
    await expect(send("Bonjour", "+33612345678")).rejects.toThrow(/France/);
    expect(await attempts()).toBe(0);
  });

  it.each([
    [
      "a destination outside of the whitelist",
      { whitelisted_destinations: ["GB"] },
      {},
      /only go to the United States/,
    ],
    ["a profile that allows nothing", { whitelisted_destinations: [] }, {}, /own number cannot send/],
    ["a disabled profile", { enabled: false }, {}, /own number cannot send/],
    [
      "the day's money",
      { daily_spend_limit: "0.00", daily_spend_limit_enabled: true },
      {},
      /after midnight UTC/,
    ],
    ["a full queue", {}, { messageQueueFull: true }, /too busy\. Nothing was sent/],
    ["an empty account", {}, { creditUsd: 1 }, /own number cannot send/],
  ])("%s is told in a sentence", async (_what, change, settings, message) => {
    if (Object.keys(change).length > 0) await telnyx.sdk.messagingProfiles.update(profile, change);
    await telnyx.set(settings);
    await expect(send()).rejects.toThrow(message);
    expect(await attempts()).toBe(1);
    expect(log.newest(1)).toMatchObject([{ state: "refused" }]);
  });

  it("honours a STOP of which only the provider knows", async () => {
    await telnyx.control("POST", "telnyx/receive", { to: number, from: ADA, text: "STOP" });
    await expect(send("Hi")).rejects.toThrow(/opted out with STOP/);
    await expect(send("Hello")).rejects.toThrow(/opted out with STOP/);
    expect(await attempts()).toBe(1);
  });

  it.each([
    ["a reset after it was done", { kind: "reset" }, "after"],
    ["a reset before", { kind: "reset" }, "before"],
    ["500 after it was done", { kind: "status", status: 500 }, "after"],
    ["503", { kind: "status", status: 503, body: { errors: [{ code: "10037" }] } }, "after"],
    ["a page instead of an answer", { kind: "html", status: 502 }, "after"],
    ["a page with 200", { kind: "html", status: 200 }, "after"],
    ["half an answer", { kind: "truncatedJson" }, "after"],
    ["408", { kind: "status", status: 408 }, "after"],
  ] as const)("%s: unknown, told as such, never sent again", async (_what, kind, position) => {
    fault(kind, position);
    expect((await send("Hi")).text).toMatch(/not known whether.*Do not send it again/);
    await expect(send("Hi")).rejects.toThrow(/not known whether these very words/);
    expect(await attempts()).toBe(1);
    expect((await use("sms_list", {})).text).toContain("not known whether it was sent");
  });

  it.each([
    ["429", { kind: "429", retryAfterSeconds: 9 }, /Nothing was sent.*9 seconds/],
    ["401", { kind: "status", status: 401, body: { errors: [{ code: "10009" }] } }, /own number cannot/],
    ["a landline", { kind: "status", status: 400, body: { errors: [{ code: "40001" }] } }, /landline/],
    ["spam", { kind: "status", status: 422, body: { errors: [{ code: "40002" }] } }, /for spam/],
    [
      "a code nobody knows",
      { kind: "status", status: 422, body: { errors: [{ code: "99999", detail: "secret" }] } },
      /refused it\. Nothing was sent\.$/,
    ],
    [
      "the platform's word that nothing was sent",
      { kind: "status", status: 503, body: { errors: [{ code: "10037", meta: { sent: false } }] } },
      /Nothing was sent; try again later/,
    ],
  ] as const)("%s: refused, and may be tried again", async (_what, kind, message) => {
    fault(kind);
    await expect(send("Hi")).rejects.toThrow(message);
    expect((await send("Hi")).text).toMatch(/^Sent/);
    expect(await attempts()).toBe(2);
  });

  it("with nobody at the address is refused, not unknown", async () => {
    access = { ...access, baseUrl: `http://127.0.0.1:${await closedPort()}/v2` };
    await expect(send()).rejects.toThrow(/Nothing was sent/);
  });

  it("that is broken off by its signal is unknown", async () => {
    fault({ kind: "hang" }, "after");
    const { text } = await send("Hi", ADA, { signal: AbortSignal.timeout(300) });
    expect(text).toMatch(/not known/);
  });

  it("reads no more than an answer may have", async () => {
    fault({ kind: "status", status: 200, body: { data: { id: "x".repeat(SMS_LIMITS.answerMaxBytes) } } });
    expect((await send()).text).toMatch(/not known/);
  });
});

describe("sms_list", () => {
  it("has what was sent and received, newest first, marked as words from outside", async () => {
    expect(await use("sms_list", {})).toEqual({ text: "No text messages have been sent or received yet." });
    await send();
    policy.noteReceived({ from: ADA, text: "Yes!\nAt 8", reference: "r", sentAt: new Date().toISOString() });
    const { text, isForeign } = await use("sms_list", { limit: 5 });
    expect(isForeign).toBe(true);
    expect(text).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\dZ from \+13125550142\n {2}> Yes!\n {2}> At 8\n.* to \+13125550142, delivered\n {2}> Dinner at 8\?/,
    );
    expect((await use("sms_list", { limit: 1 })).text).not.toContain("Dinner");
    await expect(use("sms_list", { limit: 31 })).rejects.toThrow(/limit/);
  });

  it("says what became of it: dropped by the carriers", async () => {
    await telnyx.set({ tenDlcRegistered: false, finalizedAfterMs: 60_000 });
    await send();
    expect((await use("sms_list", {})).text).toContain("sent, delivery not confirmed yet");
    await telnyx.advance(60_000);
    expect((await use("sms_list", {})).text).toContain("not delivered: The carriers did not deliver it");
    telnyx.double.faults.add({ match: { path: "messages/" }, fault: { kind: "reset" } });
    expect((await use("sms_list", {})).text).toContain("not delivered");
  });
});

describe("sms_number", () => {
  const numbers = (...states: NumberState[]) => ({
    number: async () => (states.length > 1 ? states.shift() : states[0]),
  });

  it("shows it, or why there is none", async () => {
    const show = async (state: NumberState) =>
      (await use("sms_number", { action: "show" }, {}, { number: async () => state })).text;
    expect(await show({ state: "ready", e164: number })).toContain(number);
    expect(await show({ state: "coming" })).toMatch(/being made/);
    expect(await show({ state: "on-demand" })).toMatch(/no phone number yet/);
    expect(await show({ state: "off" })).toMatch(/gets no phone number/);
  });

  it("is requested once a person wants it, and not when there is one", async () => {
    let wishes = 0;
    const requestNumber = async () => {
      wishes += 1;
    };
    const request = (call: Partial<ToolCall>, ...states: NumberState[]) =>
      use("sms_number", { action: "request" }, call, { ...numbers(...states), requestNumber });
    await expect(
      request({ mandate: aMandate({ hasPerson: false }) }, { state: "on-demand" }),
    ).rejects.toThrow(/asked/);
    expect((await request({}, { state: "on-demand" }, { state: "coming" })).text).toMatch(/being made/);
    await request({}, { state: "ready", e164: number });
    expect(wishes).toBe(1);
  });

  it("says so when the platform makes none", async () => {
    const requestNumber = () => Promise.reject(new Error("the platform answered 409"));
    await expect(
      use("sms_number", { action: "request" }, {}, { ...numbers({ state: "on-demand" }), requestNumber }),
    ).rejects.toThrow("The platform does not make a number now. Try again later.");
  });

  it("is named when there is none to send from", async () => {
    const without = { access: async () => undefined, number: async () => ({ state: "on-demand" }) };
    await expect(use("sms_send", { to: ADA, text: "Hi" }, {}, without)).rejects.toThrow(/sms_number/);
  });
});

describe("setup", () => {
  const prove = (options: Partial<TelnyxSkillOptions> = {}) =>
    skillOf(options).setup(AbortSignal.timeout(5_000));

  it("proves that the number is there, without sending", async () => {
    expect(await prove()).toEqual({
      state: "ready",
      detail: `Telnyx, from ${number}, to the United States.`,
    });
    expect(await attempts()).toBe(0);
  });

  it("says what is missing", async () => {
    expect(await prove({ number: async () => ({ state: "off" }) })).toMatchObject({ state: "off" });
    expect(await prove({ number: async () => ({ state: "on-demand" }) })).toMatchObject({ state: "ready" });
    expect(await prove({ number: () => Promise.reject(new Error("down")) })).toMatchObject({
      state: "failing",
    });
    expect(await prove({ access: async () => ({ ...access, token: "KEY-wrong" }) })).toMatchObject({
      state: "failing",
    });
    expect(await prove({ access: async () => ({ ...access, number: "+13125550199" }) })).toMatchObject({
      state: "failing",
    });
  });

  it("costs the model few characters", () => {
    const size = skillOf().tools.map(({ name, description, parameters }) =>
      JSON.stringify({ name, description, parameters }),
    );
    expect(size.join("").length).toBeLessThan(1_200);
  });
});
