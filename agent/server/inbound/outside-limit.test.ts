import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openDatabase } from "../state/database.ts";
import { openIdentityFile } from "../state/identity-file.ts";
import {
  createTurnLedger,
  type StoredMessage,
  TURN_WINDOW_MS,
  type TurnLedger,
} from "../state/turn-ledger.ts";
import { limitOutside, OUTSIDE_PER_WINDOW } from "./outside-limit.ts";

let folder: string;
let database: ReturnType<typeof openDatabase>;
let turns: TurnLedger;
let events: string[];
let take: (message: StoredMessage) => boolean;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  folder = mkdtempSync(join(tmpdir(), "outside-limit-"));
  database = openDatabase(join(folder, "agent.db"));
  turns = createTurnLedger(
    database,
    openIdentityFile(join(folder, "identity.json"), randomBytes(32).toString("hex")).vault,
  );
  events = [];
  take = limitOutside(turns, (event) => events.push(event));
});
afterEach(async () => {
  vi.useRealTimers();
  database.close();
  await rm(folder, { recursive: true });
});

const mail = (number: number): StoredMessage => ({
  ...{ id: `mail:${number}`, senderInboxId: "outside:mail", text: `mail ${number}`, sentAtMs: Date.now() },
});
/** Each in a turn of its own. */
const flood = (from: number, count: number): boolean[] =>
  Array.from({ length: count }, (_, index) => {
    const isTaken = take(mail(from + index));
    if (turns.waiting().length > 0) turns.complete(turns.beginTurn().turnId, () => undefined);
    return isTaken;
  });

it("leaves people their turns, however much strangers write", () => {
  expect(flood(0, 3 * OUTSIDE_PER_WINDOW).filter(Boolean)).toHaveLength(OUTSIDE_PER_WINDOW);
  expect(events).toContain("outside-flood");
  turns.take({ id: "ada", senderInboxId: "ada", text: "Are you there?", sentAtMs: Date.now() });
  expect(turns.waiting().map(({ text }) => text)).toEqual(["Are you there?"]);
});

it("says where to look for what is not shown, and takes what comes later", () => {
  for (let number = 0; number < OUTSIDE_PER_WINDOW; number += 1) take(mail(number));
  const texts = turns.waiting().map(({ text }) => text);
  expect(texts[0]).toBe("mail 0");
  expect(texts.at(-1)).toMatch(/^mail \d+\n\(So much has come lately/);
  expect(take(mail(100))).toBe(false);
  vi.setSystemTime(Date.now() + TURN_WINDOW_MS);
  expect(take(mail(100))).toBe(false);
  expect(take(mail(101))).toBe(true);
});

it("does not count what is known", () => {
  take(mail(0));
  for (let again = 0; again < OUTSIDE_PER_WINDOW; again += 1) expect(take(mail(0))).toBe(false);
  expect(take(mail(1))).toBe(true);
});
