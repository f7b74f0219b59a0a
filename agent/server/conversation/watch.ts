import type { DecodedMessage } from "@xmtp/node-sdk";
import { explodeDecision, personsOf, SORT, senderRole } from "../../convos/index.ts";
import { errorName, type Log } from "../log.ts";
import type { Facts } from "../state/facts.ts";
import type { Outbox } from "../state/outbox.ts";
import type { StoredMessage, TurnLedger } from "../state/turn-ledger.ts";
import { type ReadMessage, readMessage } from "../xmtp/read-message.ts";
import { readReactions } from "../xmtp/read-reactions.ts";
import type { Chat } from "./chat.ts";

/** The clock that stamps stored messages is ours, but it may have been set back a little. */
const OVERLAP_MS = 5 * 60_000;
/** Streams bring what comes at once in any order: this far back may lie what was said before it. */
const STORED_TOGETHER_MS = 10_000;
const PAGE_MESSAGES = 200;
const INSERTED_AT = 1;
/** Reactions hang on the message that they are on: so many of our newest are looked at for them. */
const REACTIONS_LOOKED_FOR_ON = 20;

export interface WatchOptions {
  chat: Chat;
  turns: TurnLedger;
  outbox: Pick<Outbox, "lastMessages">;
  facts: Facts;
  /** Hears a member's new message before it becomes a turn; true when nothing is left to answer. Heard again after a crash. */
  heed(message: StoredMessage): Promise<boolean>;
  /** Messages wait for an answer. */
  onUtterance(): void;
  /** An authorised member ended the conversation. */
  onExplode(): void;
  /** The same, for a time to come; earlier than any before. */
  onSchedule(expiresAt: Date): void;
  /** We are no member any more, or no person is. */
  onDeserted(): void;
  log: Log;
}

export interface Watch {
  /** Deals with a message once; a repeated one changes nothing. */
  take(message: DecodedMessage): Promise<void>;
  /** Reads everything since the last time. Rejects when the network does not answer. */
  catchUp(): Promise<void>;
}

/** Reads the claim's conversation: what people say, who ends it, who is left. */
export function createWatch(options: WatchOptions): Watch {
  const { chat, turns, facts, log } = options;
  const { client, group } = chat;

  /** Those that are being heard: the stream and a look at the past may bring the same one at the same time. */
  const heeding = new Map<string, Promise<void>>();
  const takeUtterance = (message: StoredMessage): Promise<void> => {
    const { id } = message;
    if (turns.knows(id)) return Promise.resolve();
    const taking = heeding.get(id) ?? takeOnce(message).finally(() => heeding.delete(id));
    heeding.set(id, taking);
    return taking;
  };
  const takeOnce = async (message: StoredMessage): Promise<void> => {
    if (await options.heed(message)) turns.note(message.id, message.sentAtMs);
    else if (turns.take(message)) options.onUtterance();
  };
  const takeWords = async (read: ReadMessage): Promise<void> => {
    if (read.kind === "text") await takeUtterance(read.message);
  };
  const take = async (message: DecodedMessage): Promise<void> => {
    const read = readMessage(message, client.inboxId);
    await takeWords(read);
    if (read.kind === "reaction") await lookForReactions();
    else if (read.kind === "membership") await checkCompany();
    else if (read.kind === "explode" && !turns.knows(message.id)) {
      await judgeExplode(read);
      turns.note(message.id, message.sentAt.getTime());
    }
  };
  const judgeExplode = async (read: Extract<ReadMessage, { kind: "explode" }>): Promise<void> => {
    await syncIfMember();
    const current = facts.get("expires-at-ms");
    const decision = explodeDecision({
      senderRole: await senderRole(group, read.senderInboxId, client.inboxId),
      expiresAt: read.expiresAt,
      now: new Date(),
      ...(current === undefined ? {} : { currentExpiry: new Date(Number(current)) }),
    });
    log("explode-settings", { action: decision.action });
    if (decision.action === "explode") options.onExplode();
    if (decision.action === "schedule") options.onSchedule(decision.expiresAt);
  };
  /** The sync that learns of our own removal may itself fail; what it learnt is kept. */
  const syncIfMember = async (): Promise<void> => {
    if (!group.isActive) return;
    try {
      await group.sync();
    } catch (error) {
      if (group.isActive) throw error;
      log("conversation-left", { error: errorName(error) });
    }
  };
  const checkCompany = async (): Promise<void> => {
    await syncIfMember();
    if (!group.isActive) return options.onDeserted();
    const members = await group.members();
    if (members.length > 1) facts.set("had-company", "yes");
    else if (facts.get("had-company") !== undefined) return options.onDeserted();
    // Who has only just come may still be about to say that it is an agent: it counts as a person who is here, not as
    // one who was.
    const persons = (await personsOf(group)).filter(({ inboxId }) => inboxId !== client.inboxId);
    if (persons.some(({ profile }) => profile !== undefined)) facts.set("had-person", "yes");
    else if (persons.length === 0 && facts.get("had-person") !== undefined) options.onDeserted();
  };
  /** In the order in which they were stored, which is that in which they were said. */
  const readSince = async (
    sinceMs: number,
    read: (message: DecodedMessage) => Promise<void> | void,
  ): Promise<void> => {
    for (let page = 0; ; page += 1) {
      const messages = await group.messages({
        insertedAfterNs: BigInt(Math.max(0, sinceMs)) * 1_000_000n,
        sortBy: INSERTED_AT,
        direction: SORT.ascending,
        limit: PAGE_MESSAGES * (page + 1),
      });
      for (const message of messages.slice(PAGE_MESSAGES * page)) await read(message);
      if (messages.length < PAGE_MESSAGES * (page + 1)) return;
    }
  };
  /** Takes those that are on our newest messages; what was taken before changes nothing. */
  const lookForReactions = async (): Promise<void> => {
    for (const id of options.outbox.lastMessages(REACTIONS_LOOKED_FOR_ON)) {
      const message = client.conversations.getMessageById(id);
      for (const reaction of message === undefined ? [] : readReactions(message, client.inboxId))
        await takeUtterance(reaction);
    }
  };
  return {
    take: async (message) => {
      await readSince(Date.now() - STORED_TOGETHER_MS, async (stored) => {
        if (!turns.knows(stored.id)) await takeWords(readMessage(stored, client.inboxId));
      });
      await take(message);
    },
    catchUp: async () => {
      const startedAtMs = Date.now();
      await syncIfMember();
      await readSince(Number(facts.get("read-until-ms") ?? 0) - OVERLAP_MS, take);
      await lookForReactions();
      facts.set("read-until-ms", String(startedAtMs));
      await checkCompany();
    },
  };
}
