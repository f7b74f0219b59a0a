import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Payment, PaymentStore } from "../../skills/bankr/payment.ts";
import { mayBecome, PAYMENT_STATES } from "../../skills/bankr/payment-state.ts";
import { openDatabase } from "./database.ts";
import { createPaymentStore } from "./payments.ts";
import { createVault, SealError } from "./vault.ts";

const TO = "0x52908400098527886E0F7030069857D2E4169EE7";
const payment = (quoteId: string, more: Partial<Payment> = {}): Payment => ({
  ...{ quoteId, state: "quoted", quotedAtMs: 1_000 },
  terms: { to: TO, amount: "5000000", asset: "USDC", chain: "base", note: "walruses" },
  ...more,
});

let dir: string;
let database: DatabaseSync;
let store: PaymentStore;
const open = (): void => {
  database = openDatabase(join(dir, "state.db"));
  store = createPaymentStore(database, createVault("5".repeat(64), new Uint8Array(32).fill(1)));
};
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "payments-"));
  open();
});
afterEach(() => {
  database.close();
  rmSync(dir, { recursive: true, force: true });
});

it("keeps payments over a restart, and nothing of them can be read on the disk", () => {
  store.insert(payment("q1"));
  const confirmation = { inboxId: "ada", messageId: "m1", termsHash: "h", atMs: 2_000 };
  const confirmed = store.move(payment("q1"), "confirmed", { confirmation });
  database.close();
  for (const name of readdirSync(dir)) {
    const bytes = readFileSync(join(dir, name));
    for (const text of [TO, TO.toLowerCase(), "walruses", "5000000", "ada"])
      expect(bytes.includes(text), name).toBe(false);
  }
  open();
  expect(store.find("q1")).toEqual(confirmed);
  expect(confirmed).toEqual(payment("q1", { state: "confirmed", confirmation }));
  expect(store.find("q2")).toBeUndefined();
});

it("moves a payment once, along the table only", () => {
  store.insert(payment("q1"));
  expect(store.move(payment("q1"), "confirmed")?.state).toBe("confirmed");
  expect(store.move(payment("q1"), "confirmed")).toBeUndefined();
  expect(store.move(payment("q1"), "dropped")).toBeUndefined();
  for (const from of PAYMENT_STATES)
    for (const to of PAYMENT_STATES)
      if (!mayBecome(from, to))
        expect(() => store.move(payment("q1", { state: from }), to)).toThrow("cannot become");
  expect(store.find("q1")?.state).toBe("confirmed");
});

it("has no way back to what could be sent again", () => {
  for (const from of PAYMENT_STATES) {
    expect(mayBecome(from, "quoted"), from).toBe(false);
    expect(mayBecome(from, "confirmed"), from).toBe(from === "quoted");
    expect(mayBecome(from, "sending"), from).toBe(from === "confirmed");
  }
});

it("does not take the terms of one payment for another's, nor changed ones", () => {
  store.insert(payment("q1"));
  store.insert(payment("q2", { terms: { ...payment("q2").terms, amount: "1" } }));
  database.exec(
    "UPDATE payment SET body = (SELECT body FROM payment WHERE quote_id = 'q1') WHERE quote_id = 'q2'",
  );
  expect(() => store.find("q2")).toThrow(SealError);
  expect(store.find("q1")?.terms.amount).toBe("5000000");
});

it("lists by state and time, the newest first, and forgets what ended long ago", () => {
  store.insert(payment("q1"));
  store.insert(payment("q2", { quotedAtMs: 2_000 }));
  store.insert(payment("q3", { quotedAtMs: 500, state: "sending" }));
  store.move(payment("q1"), "dropped");
  expect(store.list(["quoted", "dropped"], 0).map(({ quoteId }) => quoteId)).toEqual(["q2", "q1"]);
  expect(store.list(["quoted", "dropped"], 1_000).map(({ quoteId }) => quoteId)).toEqual(["q2"]);
  store.prune(1_500);
  expect(store.list(PAYMENT_STATES, 0).map(({ quoteId }) => quoteId)).toEqual(["q3", "q2"]);
});

it("does all of a transaction or nothing", () => {
  expect(() =>
    store.atomically(() => {
      store.insert(payment("q1"));
      throw new Error("full");
    }),
  ).toThrow("full");
  expect(store.find("q1")).toBeUndefined();
});
