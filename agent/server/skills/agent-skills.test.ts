import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { quoteEntryId } from "../../skills/bankr/index.ts";
import type { Mandate } from "../../skills/kit/mandate.ts";
import { parseConfig } from "../config.ts";
import { type AgentState, openAgentState } from "../state/agent-state.ts";
import { openDatabase } from "../state/database.ts";
import { prepareStateDir, statePaths } from "../state/paths.ts";
import type { StoredMessage } from "../state/turn-ledger.ts";
import { type AgentSkills, createAgentSkills } from "./agent-skills.ts";
import { createEquipment } from "./equipment.ts";

const [SELF, ADA, BOT] = ["5e1f", "ada0", "b070"];
const QUOTE = "0123456789abcdef";

let folder: string;
let database: DatabaseSync;
let state: AgentState;
let skills: AgentSkills;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent-skills-"));
  const paths = statePaths(join(folder, "state"));
  prepareStateDir(paths, false);
  database = openDatabase(paths.database);
  state = openAgentState(database, paths, randomBytes(32).toString("hex"), 1);
  const config = parseConfig({
    ...{ INSTANCE_ID: "abcdef012345", EPOCH: "1", GENERATION: "v1", STATE_DIR: paths.root, STANDALONE: "on" },
    ...{ XMTP_ENV: "local", MODEL_BASE_URL: "http://127.0.0.1:9/api/v1", MODEL_ID: "vendor/model" },
  });
  skills = createAgentSkills({
    ...{ config, paths, state, keys: { instanceSecret: "own", modelKey: "key" } },
    equipment: createEquipment({ ...config, instanceSecret: "own", standalone: undefined }),
    brain: { outOfCredit: false, exhausted: () => undefined },
    ownPort: () => undefined,
    context: async () => ({
      ...{ conversationId: "c", conversationName: "", agentName: "Marco", instructions: "" },
      members: [
        { inboxId: SELF, name: "Marco", isSelf: true },
        { inboxId: ADA, name: "Ada", isSelf: false },
        { inboxId: BOT, name: "Bot", isSelf: false },
      ],
      agentInboxIds: new Set([SELF, BOT]),
    }),
    takeOutside: () => true,
    onQueued: () => undefined,
    onMessage: () => undefined,
    log: () => undefined,
  });
});
afterEach(async () => {
  await skills.stop();
  database.close();
  await rm(folder, { recursive: true });
});

const said = (changes: Partial<StoredMessage> = {}): StoredMessage => ({
  ...{ id: crypto.randomUUID(), senderInboxId: ADA, text: "Hello", sentAtMs: 1 },
  ...changes,
});
/** What the people of a turn of these messages have asked for, as the command for text messages is told. */
async function mandateOf(...messages: StoredMessage[]): Promise<Mandate> {
  for (const message of messages) state.turns.take(message);
  state.turns.beginTurn();
  skills.host.noteCalled("exec");
  const mandate = await skills.sms.mandate();
  if (mandate === undefined) throw new Error("there is no mandate");
  return mandate;
}

it("knows the addresses in what a person has written, and none in what somebody has reacted to", async () => {
  await skills.heed(said({ text: "Mail bob@example.com" }));
  await skills.heed(said({ senderInboxId: BOT, text: "Mail carol@example.com" }));
  const text = '[reacted 👎 to your message "Shall I mail mallory@example.com?"]';
  await skills.heed(said({ text, replyToId: "ours", reaction: "👎" }));
  const mandate = await mandateOf(said());
  expect(() => mandate.requireNamed(["bob@example.com"])).not.toThrow();
  for (const address of ["carol@example.com", "mallory@example.com"])
    expect(() => mandate.requireNamed([address])).toThrow(address);
});

it.each([
  ["a file", said({ fileNames: ["offer.pdf"] })],
  ["a mail", said({ senderInboxId: "outside:mail" })],
  ["what another agent says", said({ senderInboxId: BOT })],
])("takes a turn with %s for one that has read foreign words", async (_, foreign) => {
  const mandate = await mandateOf(said(), foreign);
  mandate.requirePerson();
  expect(() => mandate.requireUntainted()).toThrow("words from outside");
});

it("takes a turn for foreign from when they are read, and the next for none", async () => {
  const before = await mandateOf(said());
  expect(() => before.requireUntainted()).not.toThrow();
  skills.host.noteForeignWords();
  const tainted = await skills.sms.mandate();
  expect(() => tainted?.requireUntainted()).toThrow("words from outside");
  const open = state.turns.openTurn();
  state.turns.complete(open?.turnId ?? "", () => undefined);
  expect(await skills.sms.mandate()).toBeUndefined();
  const next = await mandateOf(said());
  expect(() => next.requireUntainted()).not.toThrow();
});

it("lets the shell's command send nothing in a turn in which the model has not called it", async () => {
  state.turns.take(said());
  state.turns.beginTurn();
  expect(await skills.sms.mandate()).toBeUndefined();
  skills.host.noteCalled("message");
  expect(await skills.sms.mandate()).toBeUndefined();
});

it("leaves the answer to a quote no turn, also when it is heard again after a crash", async () => {
  state.payments.insert({
    ...{ quoteId: QUOTE, state: "quoted", quotedAtMs: Date.now() },
    terms: { to: `0x${"Ab".repeat(20)}`, amount: "5000000", asset: "USDC", chain: "base" },
  });
  state.outbox.queue(quoteEntryId(QUOTE), { kind: "text", text: "5 USDC?", isMarkdown: false });
  state.outbox.attempted(quoteEntryId(QUOTE), "ours");
  const yes = (changes: Partial<StoredMessage> = {}) => said({ text: "yes", replyToId: "ours", ...changes });
  expect(await skills.heed(yes({ senderInboxId: BOT }))).toBe(false);
  expect(await skills.heed(yes({ senderInboxId: "outside:mail" }))).toBe(false);
  expect(await skills.heed(yes({ replyToId: "another" }))).toBe(false);
  const answer = yes();
  expect(await skills.heed(answer)).toBe(true);
  expect(state.payments.find(QUOTE)?.confirmation).toMatchObject({ inboxId: ADA, messageId: answer.id });
  expect(await skills.heed(answer)).toBe(true);
  expect(await skills.heed(yes())).toBe(false);
});
