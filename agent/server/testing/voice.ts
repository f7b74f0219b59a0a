import { setTimeout as delay } from "node:timers/promises";
import { type DecodedMessage, encodeText, type Group, isReply } from "@xmtp/node-sdk";
import { DELIVERY } from "../xmtp/values.ts";
import type { Person } from "./world.ts";

const RETRY_MS = 100;
const OUTAGE_MAX_MS = 60_000;

/** A person in a conversation who says everything once and in order, also through outages of the network. */
export class Voice {
  readonly name: string;
  readonly person: Person;
  readonly group: Group<unknown>;
  /** What has been said, oldest first. */
  readonly said: string[] = [];

  constructor(name: string, person: Person, group: Group<unknown>) {
    this.name = name;
    this.person = person;
    this.group = group;
  }

  /** Resolves once the network has it. The text must not have been said before: it is the message's idempotency key. */
  async say(text: string): Promise<void> {
    const { conversations } = this.person.client;
    this.said.push(text);
    for (const deadline = Date.now() + OUTAGE_MAX_MS; ; await delay(RETRY_MS)) {
      try {
        const id = await this.group.send(encodeText(text), { shouldPush: true, idempotencyKey: text });
        if (conversations.getMessageById(id)?.deliveryStatus === DELIVERY.published) return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  }

  /** The conversation since `sinceMs`, oldest first, as far as the network answers. */
  async heardSince(sinceMs: number): Promise<DecodedMessage[]> {
    try {
      await this.group.sync();
    } catch {
      // Not back yet after an outage: what it has is what it has heard.
    }
    return this.group.messages({ sentAfterNs: BigInt(sinceMs) * 1_000_000n });
  }
}

/** The words of a text or of a reply; undefined for whatever else a message is. */
export function wordsOf(message: DecodedMessage): string | undefined {
  const content = isReply(message) ? message.content?.content : message.content;
  return typeof content === "string" ? content : undefined;
}
