import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { measureText } from "../../../infra/local/doubles/telnyx/sms-text.ts";
import { openDatabase } from "../../server/state/database.ts";
import { createSmsLog, SMS_LOG_MAX } from "../../server/state/sms-log.ts";
import { createVault } from "../../server/state/vault.ts";
import { aMandate } from "../kit/testing.ts";
import { SMS_LIMITS } from "./limits.ts";
import type { SmsLog } from "./sms-log.ts";
import type { SmsOutcome } from "./sms-outcome.ts";
import { createSmsPolicy, type OutgoingSms, type SmsPolicy } from "./sms-policy.ts";
import { countParts, introduction } from "./sms-text.ts";
import { usNumber } from "./us-number.ts";

const ADA = "+13125550142";
const BOB = "+13125550143";
const SECRETS = { stateKey: "ab".repeat(32), salt: new Uint8Array(32).fill(7) };

let dir: string;
let database: DatabaseSync;
let log: SmsLog;
let policy: SmsPolicy;
let nowMs: number;
let sent: OutgoingSms[];
let next: SmsOutcome | Error;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sms-"));
  nowMs = Date.now();
  sent = [];
  next = { state: "sent", providerId: "m-1" };
  start();
});
afterEach(() => {
  database.close();
  rmSync(dir, { recursive: true });
});

function start(): void {
  database = openDatabase(join(dir, "state.sqlite"));
  log = createSmsLog(database, createVault(SECRETS.stateKey, SECRETS.salt));
  policy = createSmsPolicy({ log, sender: () => "Trip Planner, an AI assistant", nowMs: () => nowMs });
}
function restart(): void {
  database.close();
  start();
}

const send = (
  text: string,
  { to = ADA, mandate = aMandate(), callId = undefined as string | undefined } = {},
) =>
  policy.send({ to, text, ...(callId !== undefined && { callId }) }, mandate, async (sms) => {
    sent.push(sms);
    if (next instanceof Error) throw next;
    return next;
  });
const receive = (text: string, from = ADA, reference = `${Math.random()}`) =>
  policy.noteReceived({ from, text, reference, sentAt: new Date(nowMs).toISOString() });

describe("whom it may go to", () => {
  it.each([
    ["(312) 555-0142", ADA],
    ["1-312-555-0142", ADA],
    ["+1 312.555.0142", ADA],
    ["٣١٢٥٥٥٠١٤٢", ADA],
    ["+18005550123", "+18005550123"],
  ])("%s is %s", (text, number) => expect(usNumber(text)).toBe(number));

  it.each([
    ["+33612345678", /\+33612345678 is a number of France\. Text messages can only go to the United States/],
    ["+14165550123", /Canada/],
    ["+17875550123", /Puerto Rico/],
    ["+5215512345678", /Mexico/],
    ["12345", /not a phone number/],
    ["+19985550123", /not a phone number/],
    ["+13125550142 ext 5", /not a phone number/],
    ["ada@example.org", /not a phone number/],
    ["+1312555014２3 or +13125550143", /not a phone number/],
    ["", /not a phone number/],
  ])("%s is refused before anything is sent", async (to, message) => {
    await expect(send("Hi", { to })).rejects.toThrow(message);
    expect(sent).toEqual([]);
    expect(log.newest(10)).toEqual([]);
  });

  it("needs a person who has named it in E.164", async () => {
    await send("Hi", { to: "312-555-0142", mandate: aMandate({ named: [ADA] }) });
    await expect(send("Hi", { to: BOB, mandate: aMandate({ named: [ADA] }) })).rejects.toThrow(/named/);
    await expect(send("Yo", { mandate: aMandate({ hasPerson: false }) })).rejects.toThrow(/asked/);
    expect(sent).toHaveLength(1);
  });

  it("or that it wrote first, in a turn without foreign words", async () => {
    receive("Is the table free?", BOB);
    const stranger = { named: [] as string[] };
    await send("Yes", { to: BOB, mandate: aMandate(stranger) });
    await expect(
      send("And this", { to: BOB, mandate: aMandate({ ...stranger, isTainted: true }) }),
    ).rejects.toThrow(/Foreign/);
    await expect(
      send("And this", { to: BOB, mandate: aMandate({ ...stranger, hasPerson: false }) }),
    ).rejects.toThrow(/asked/);
    await expect(send("Yes", { to: ADA, mandate: aMandate(stranger) })).rejects.toThrow(/named/);
    expect(sent).toHaveLength(1);
  });
});

describe("the first message to a number", () => {
  it("says who it is from and how to opt out; the second does not, not even after a restart", async () => {
    await send("Dinner at 8?");
    restart();
    await send("Or at 9?");
    await send("Hello", { to: BOB });
    expect(sent.map(({ text }) => text)).toEqual([
      "Dinner at 8?\nFrom Trip Planner, an AI assistant. Reply STOP to opt out.",
      "Or at 9?",
      "Hello\nFrom Trip Planner, an AI assistant. Reply STOP to opt out.",
    ]);
  });

  it("is still the first when the one before was refused, and not when it may have arrived", async () => {
    next = { state: "refused", code: "40318" };
    await send("One");
    next = { state: "unknown" };
    await send("Two");
    await send("Three");
    expect(sent.map(({ text }) => text.includes("STOP"))).toEqual([true, true, false]);
  });

  it("keeps to the alphabet of the network and to one line", () => {
    expect(introduction("Trip 🌴\nPlanner “X”")).toBe("From Trip Planner X. Reply STOP to opt out.");
    expect(introduction("日本")).toBe("From an AI assistant. Reply STOP to opt out.");
    expect(introduction("x".repeat(500)).length).toBeLessThan(100);
  });
});

describe("STOP and START", () => {
  it.each(["STOP", " stop all ", "Unsubscribe", "QUIT"])(
    "%j ends it until START, over restarts",
    async (word) => {
      await send("Hi");
      expect(receive(word)).toBe("stop");
      restart();
      nowMs += 30 * 24 * 3_600_000;
      await expect(send("One more thing")).rejects.toThrow(/opted out with STOP/);
      await send("Hi", { to: BOB });
      expect(receive("start")).toBe("start");
      await send("Thanks");
      expect(sent).toHaveLength(3);
    },
  );

  it("a provider's refusal is kept too, and asked about again after an hour", async () => {
    next = { state: "refused", code: "40300" };
    expect((await send("Hi")).outcome).toEqual(next);
    await expect(send("Hello?")).rejects.toThrow(/opted out/);
    expect(sent).toHaveLength(1);
    nowMs += SMS_LIMITS.providerStopMs;
    await send("Hello?");
    await expect(send("Really?")).rejects.toThrow(/opted out/);
    nowMs += SMS_LIMITS.providerStopMs;
    next = { state: "sent", providerId: "m-2" };
    await send("Back?");
    await send("Good");
    expect(sent).toHaveLength(4);
  });

  it("HELP is the provider's to answer, and words around a keyword make it none", () => {
    expect(receive("HELP")).toBe("help");
    expect(receive("please stop")).toBeUndefined();
    expect(log.peer(ADA).stop).toBeUndefined();
  });
});

describe("at most once", () => {
  it("the same call is answered from the log, whatever became of it", async () => {
    for (const outcome of [
      { state: "sent", providerId: "m-9" },
      { state: "unknown" },
      { state: "refused", code: "40001" },
    ] as const) {
      next = outcome;
      const callId = `c-${outcome.state}`;
      await send(callId, { callId });
      restart();
      expect((await send(callId, { callId })).outcome).toEqual(outcome);
    }
    expect(sent).toHaveLength(3);
  });

  it("what was on its way when the server died is unknown", async () => {
    void policy.send({ to: ADA, text: "Hi", callId: "c" }, aMandate(), () => new Promise(() => undefined));
    restart();
    expect((await send("Hi", { callId: "c" })).outcome).toEqual({ state: "unknown" });
    await expect(send("Hi")).rejects.toThrow(/not known/);
    expect(sent).toEqual([]);
  });

  it("the same words are not sent again for a while, with no answer or with one", async () => {
    next = { state: "unknown" };
    await send("Dinner at 8?");
    await expect(send("Dinner at 8?")).rejects.toThrow(/not known whether/);
    next = { state: "sent", providerId: "m" };
    await send("At 9 then");
    await expect(send(" At 9 then ")).rejects.toThrow(/just been sent/);
    await send("At 9 then", { to: BOB });
    nowMs += SMS_LIMITS.repetitionMs + 1;
    await send("At 9 then");
    expect(sent).toHaveLength(4);
  });

  it("two at the same moment are one", async () => {
    const both = await Promise.allSettled([send("Now"), send("Now")]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(sent).toHaveLength(1);
  });

  it("what was refused may be tried again", async () => {
    next = { state: "refused", code: "10011" };
    await send("Hi");
    next = { state: "sent", providerId: "m" };
    expect((await send("Hi")).outcome).toEqual(next);
  });

  it("a fault on the way leaves it unknown", async () => {
    next = new TypeError("fault");
    await expect(send("Hi")).rejects.toThrow("fault");
    expect(log.newest(1)).toMatchObject([{ state: "unknown" }]);
  });
});

describe("limits", () => {
  it("of parts, counted as the network does", async () => {
    for (const text of [
      "a".repeat(160),
      "a".repeat(161),
      "€".repeat(81),
      "日".repeat(70),
      "日".repeat(71),
      "é\n{}",
    ])
      expect(countParts(text)).toBe(measureText(text).parts);
    await expect(send("日".repeat(400))).rejects.toThrow(/too long: \d parts, and 5 at most/);
    await expect(send("a".repeat(1_001))).rejects.toThrow(/too long/);
    await expect(send(" \u0000\n ")).rejects.toThrow(/empty/);
    expect(sent).toEqual([]);
  });

  it("of messages in a day", async () => {
    for (let n = 0; n < SMS_LIMITS.perDayMax; n += 1) await send(`Message ${n}`);
    await expect(send("One more")).rejects.toThrow(/100 texts/);
    nowMs += 24 * 3_600_000 + 1;
    await send("One more");
  });

  it("of what is kept: a flood from outside takes nothing from what was sent", async () => {
    await send("Hi");
    for (let n = 0; n < SMS_LOG_MAX + 20; n += 1) receive(`flood ${n}`, BOB, `r-${n}`);
    const kept = log.newest(10_000);
    expect(kept.filter(({ state }) => state === "received")).toHaveLength(SMS_LOG_MAX);
    expect(kept.filter(({ state }) => state === "sent")).toHaveLength(1);
    expect(kept[0]).toMatchObject({ number: BOB, text: `flood ${SMS_LOG_MAX + 19}` });
  });
});

describe("the log", () => {
  it("bounds what comes: one kind of line break, no control characters, no sender of two lines", () => {
    receive(`a\r\nb\u2028c\u0007${"x".repeat(5_000)}`, "+1312\n> 5550143", "r-2");
    const [entry] = log.newest(1);
    expect(entry?.number).toBe("+1312 > 5550143");
    expect(entry?.text).toMatch(/^a\nb\nc x+$/);
    expect(entry?.text.length).toBe(SMS_LIMITS.receivedMaxChars);
  });

  it("takes what came once, and holds neither words nor numbers in the clear", async () => {
    receive("Secret words", BOB, "r-1");
    receive("Secret words", BOB, "r-1");
    await send("Other words");
    expect(log.newest(10).map(({ state, text }) => [state, text.split("\n")[0]])).toEqual([
      ["sent", "Other words"],
      ["received", "Secret words"],
    ]);
    const rows = JSON.stringify(
      ["sms", "sms_peer"].flatMap((table) => database.prepare(`SELECT * FROM ${table}`).all()),
      (_key, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value),
    );
    for (const hidden of ["Secret", "Other", BOB.slice(1), ADA.slice(1)]) expect(rows).not.toContain(hidden);
  });
});
