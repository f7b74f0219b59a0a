import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "../state/database.ts";
import { createNamedAddresses, type NamedAddresses } from "../state/named-addresses.ts";
import type { StoredMessage } from "../state/turn-ledger.ts";
import { createVault } from "../state/vault.ts";
import type { TurnContext } from "../talk/turn-source.ts";
import { askingOf, type MandateFacts } from "./turn-mandate.ts";

const [SELF, ADA, BOT] = ["5e1f", "ada0", "b070"];
const context: TurnContext = {
  ...{ conversationId: "c", conversationName: "", agentName: "Marco", instructions: "" },
  members: [
    { inboxId: SELF, name: "Marco", isSelf: true },
    { inboxId: ADA, name: "Ada", isSelf: false, timezone: "Europe/Berlin" },
    { inboxId: BOT, name: "Bot", isSelf: false },
  ],
  agentInboxIds: new Set([SELF, BOT]),
};

let folder: string;
let database: DatabaseSync;
let namedAddresses: NamedAddresses;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mandate-"));
  database = openDatabase(join(folder, "agent.db"));
  namedAddresses = createNamedAddresses(database, createVault("0".repeat(64), new Uint8Array(32)));
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

const from = (senderInboxId: string, id = "m"): StoredMessage => ({
  id,
  senderInboxId,
  text: "",
  sentAtMs: 1,
});
const mandateOf = (messages: readonly StoredMessage[], facts: Partial<MandateFacts> = {}) =>
  askingOf({
    turn: { turnId: "t", messages, hasActed: false },
    ...{ context, namedAddresses, scheduledBy: () => undefined, isTainted: false },
    ...facts,
  });

describe("a mandate", () => {
  it.each([
    ["a mail", "outside:mail"],
    ["a text message", "outside:sms"],
    ["another agent", BOT],
    ["the agent itself", SELF],
  ])("is not given by %s", (_, sender) => {
    const { mandate, asker } = mandateOf([from(sender)]);
    expect(() => mandate.requirePerson()).toThrow("Nobody in the conversation has asked");
    expect(() => mandate.requireNamed([])).toThrow("Nobody in the conversation has asked");
    expect(() => mandate.requireUntainted()).toThrow("Nobody in the conversation has asked");
    expect(asker).toBeUndefined();
  });

  it("is not given while there is no conversation", () => {
    const { mandate } = mandateOf([from(ADA)], { context: undefined });
    expect(() => mandate.requirePerson()).toThrow("Nobody");
  });

  it("is given by a person, also one among others", () => {
    const { mandate, asker, people } = mandateOf([from("outside:mail"), from(ADA), from(BOT)]);
    mandate.requirePerson();
    expect(asker).toEqual({ inboxId: ADA, name: "Ada", timezone: "Europe/Berlin" });
    expect(people).toEqual([asker]);
  });

  it.each([
    ["a mail", "outside:mail"],
    ["a text message", "outside:sms"],
    ["another agent", BOT],
  ])("does not cover who wrote first when %s has come beside the person's words", (_, sender) => {
    const { mandate } = mandateOf([from(sender), from(ADA)]);
    mandate.requirePerson();
    expect(() => mandate.requireUntainted()).toThrow("words from outside");
    expect(() => mandateOf([from(ADA)]).mandate.requireUntainted()).not.toThrow();
  });

  it("is not given by a schedule of somebody who has left, or of an agent", () => {
    for (const owner of ["dead", BOT]) {
      const { mandate } = mandateOf([from("outside:schedule", "s")], { scheduledBy: () => owner });
      expect(() => mandate.requirePerson()).toThrow("Nobody");
    }
  });

  it("is given by who set up the schedule, who is not asking now", () => {
    const scheduledBy = (id: string) => (id === "schedule:1" ? ADA : undefined);
    const { mandate, asker } = mandateOf([from("outside:schedule", "schedule:1")], { scheduledBy });
    mandate.requirePerson();
    mandate.requireUntainted();
    expect(asker).toBeUndefined();
  });

  it("covers addresses that a person has written, in any notation, and no others", () => {
    namedAddresses.note("Mail Bob@Example.com and call (303) 555-0101", ADA);
    namedAddresses.note("eve@example.com", BOT);
    namedAddresses.note("mallory@example.com", SELF);
    const { mandate } = mandateOf([from(ADA)]);
    mandate.requireNamed(["bob@example.COM", "+1 303 555 0101"]);
    for (const address of ["eve@example.com", "mallory@example.com", "carol@example.com"])
      expect(() => mandate.requireNamed(["bob@example.com", address])).toThrow(address);
  });

  it("does not cover those who wrote first once foreign words have been read", () => {
    const { mandate } = mandateOf([from(ADA)], { isTainted: true });
    mandate.requirePerson();
    expect(() => mandate.requireUntainted()).toThrow("words from outside");
  });
});

it("keeps no address that could be read", () => {
  namedAddresses.note("bob@example.com", ADA);
  const rows = JSON.stringify(database.prepare("SELECT * FROM named_address").all());
  expect(rows).not.toContain("bob");
  expect(namedAddresses.namedBy("bob@example.com")).toEqual([ADA]);
});
