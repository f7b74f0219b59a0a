import type { DecodedMessage, Group } from "@xmtp/node-sdk";
import { AGENT_MEMBER_KIND, type Profile } from "../../agent/convos/content-types/profile.ts";
import { resolveProfiles } from "../../agent/convos/profiles.ts";
import type { Output } from "../output.ts";
import { readMessage, type Shown } from "./message.ts";
import type { Person } from "./person.ts";

const SHORT_ID_CHARS = 8;

export interface Member {
  readonly inboxId: string;
  readonly name: string;
  readonly isAgent: boolean;
  readonly isSelf: boolean;
}

/** Shows a conversation in the terminal, its people by their names. */
export class Conversation {
  readonly group: Group<unknown>;
  readonly person: Person;
  readonly #output: Output;
  #profiles: ReadonlyMap<string, Profile> = new Map();
  #onHeard: () => void = () => undefined;

  constructor(group: Group<unknown>, person: Person, output: Output) {
    this.group = group;
    this.person = person;
    this.#output = output;
  }

  get ownInboxId(): string {
    return this.person.client.inboxId;
  }

  /** `isEchoed`: the terminal has shown our own words when they were typed. */
  async show(
    message: DecodedMessage,
    { isHistory, isEchoed }: { isHistory: boolean; isEchoed: boolean },
  ): Promise<void> {
    const shown = readMessage(message);
    if (!shown || (isEchoed && message.senderInboxId === this.ownInboxId && shown.kind === "text")) return;
    await this.#knowAll(message.senderInboxId, shown);
    const from = this.member(message.senderInboxId);
    if (shown.kind === "text") {
      this.#output.tell(
        { event: "message", id: message.id, at: message.sentAt, from, text: shown.text, isHistory },
        `${from.name}: ${shown.text}`,
      );
      if (!from.isSelf) this.#onHeard();
    } else if (shown.kind === "reaction") {
      this.#output.tell(
        { event: "reaction", at: message.sentAt, from, emoji: shown.emoji, to: shown.to, isHistory },
        `* ${from.name} reacts with ${shown.emoji}`,
      );
      if (!from.isSelf) this.#onHeard();
    } else if (shown.kind === "ending") {
      this.#output.tell({ event: "ending", from, isHistory }, `* ${from.name} ends the conversation`);
    } else {
      this.#tellMembers("joined", shown.added, isHistory);
      this.#tellMembers("left", shown.removed, isHistory);
    }
  }

  /** Whether something that somebody else says or shows comes from now on, within the time and before `over`. */
  async hears(timeoutMs: number, over: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const giveUp = (): void => resolve(false);
    const timer = setTimeout(giveUp, timeoutMs);
    if (over.aborted) giveUp();
    else over.addEventListener("abort", giveUp);
    this.#onHeard = () => resolve(true);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      over.removeEventListener("abort", giveUp);
    }
  }

  member(inboxId: string): Member {
    const profile = this.#profiles.get(inboxId);
    const isSelf = inboxId === this.ownInboxId;
    const name = profile?.name?.trim() || (isSelf ? this.person.name : inboxId.slice(0, SHORT_ID_CHARS));
    return { inboxId, name, isAgent: profile?.memberKind === AGENT_MEMBER_KIND, isSelf };
  }

  async refreshProfiles(): Promise<void> {
    this.#profiles = await resolveProfiles(this.group);
  }

  /** A name that we lack may have been told since. */
  async #knowAll(sender: string, shown: Shown): Promise<void> {
    const named = shown.kind === "members" ? [...shown.added, ...shown.removed] : [sender];
    if (named.some((inboxId) => !this.#profiles.get(inboxId)?.name)) await this.refreshProfiles();
  }

  #tellMembers(event: "joined" | "left", inboxIds: readonly string[], isHistory: boolean): void {
    for (const inboxId of inboxIds) {
      const member = this.member(inboxId);
      this.#output.tell({ event: `member-${event}`, member, isHistory }, `* ${member.name} has ${event}`);
    }
  }
}
