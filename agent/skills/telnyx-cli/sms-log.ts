/**
 * `sending` until the provider has answered; `unknown` when it never did. `sent` is in the provider's hands, `delivered` and
 * `failed` are what it reported later; `refused` never left.
 */
export type SmsState = "sending" | "sent" | "delivered" | "failed" | "refused" | "unknown" | "received";

export interface SmsEntry {
  id: string;
  atMs: number;
  state: SmsState;
  /** Whom it went to or came from, in E.164. */
  number: string;
  text: string;
  /** The provider's id of it. */
  providerId?: string;
  /** The provider's code of why it was refused or not delivered. */
  code?: string;
}

export interface SmsPeer {
  /** Messages that have gone or may have gone to this number. */
  texted: number;
  hasWritten: boolean;
  /** They want no more messages: known by their own word, or by the provider's refusal. */
  stop?: { atMs: number; by: "them" | "provider" };
}

/**
 * What was sent and received: the provider has no list of either. It outlives restarts; what was `sending` then is `unknown`
 * afterwards. Old messages are forgotten, what is known of a number is not.
 */
export interface SmsLog {
  /** Notes a message before it is sent. Throws for an id that is known. */
  begin(message: Pick<SmsEntry, "id" | "atMs" | "number" | "text">): void;
  /** What became of it. */
  settle(id: string, outcome: Pick<SmsEntry, "state" | "providerId" | "code">): void;
  /** Notes a message that came; false for an id that is known. */
  take(message: Pick<SmsEntry, "id" | "atMs" | "number" | "text">): boolean;
  find(id: string): SmsEntry | undefined;
  /** Newest first. */
  newest(limit: number): SmsEntry[];
  /** What was sent or may have been sent to a number since then. */
  sentTo(number: string, sinceMs: number): SmsEntry[];
  /** How many were sent or may have been sent since then. */
  countSent(sinceMs: number): number;
  peer(number: string): SmsPeer;
  setStop(number: string, stop: SmsPeer["stop"]): void;
}
