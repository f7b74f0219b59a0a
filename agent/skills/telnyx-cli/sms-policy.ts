import { randomUUID } from "node:crypto";
import type { Mandate } from "../kit/mandate.ts";
import { ToolError } from "../kit/tool-error.ts";
import { SMS_LIMITS } from "./limits.ts";
import type { SmsEntry, SmsLog } from "./sms-log.ts";
import type { SmsOutcome } from "./sms-outcome.ts";
import { STOP_CODE, STOPPED } from "./sms-reasons.ts";
import { cleanText, countParts, introduction, keywordOf } from "./sms-text.ts";
import { usNumber } from "./us-number.ts";

const DAY_MS = 24 * 60 * 60_000;

export interface SmsPolicyOptions {
  log: SmsLog;
  /** Who the messages are from, such as `Trip Planner, an AI assistant of Ada`. */
  sender(): string;
  nowMs?(): number;
}

export interface SmsWish {
  to: string;
  text: string;
  /** The same for a repetition of the same use. */
  callId?: string;
}

/** A message as it goes out. */
export interface OutgoingSms {
  /** E.164. */
  to: string;
  text: string;
}

export interface SmsResult extends OutgoingSms {
  outcome: SmsOutcome;
}

/** A text message from outside. */
export interface ReceivedSms {
  /** E.164. */
  from: string;
  /** RFC 3339. */
  sentAt: string;
  /** The provider's id. */
  reference: string;
  text: string;
}

/** The rules for every text message of the agent, whichever way it asks to send it. */
export interface SmsPolicy {
  /**
   * Sends one message by way of `deliver`, which is called at most once and only when the rules allow the message. Throws
   * ToolError when they do not. What `deliver` throws leaves the message as `unknown`.
   */
  send(
    wish: SmsWish,
    mandate: Mandate,
    deliver: (sms: OutgoingSms) => Promise<SmsOutcome>,
  ): Promise<SmsResult>;
  /** Notes what came, so that it can be listed and answered. Says whether it was a keyword. */
  noteReceived(message: ReceivedSms): "stop" | "start" | "help" | undefined;
}

export function createSmsPolicy({ log, sender, nowMs = Date.now }: SmsPolicyOptions): SmsPolicy {
  function allow(wish: SmsWish, mandate: Mandate): OutgoingSms {
    const to = usNumber(wish.to);
    requireMandate(to, mandate);
    const text = cleanText(wish.text);
    if (text === "") throw new ToolError("There is nothing to send: the text is empty.");
    const { stop, texted } = log.peer(to);
    const isStopped =
      stop !== undefined && (stop.by === "them" || nowMs() - stop.atMs < SMS_LIMITS.providerStopMs);
    if (isStopped) throw new ToolError(STOPPED);
    requireRoom(to, text);
    const sms = { to, text: texted > 0 ? text : `${text}\n${introduction(sender())}` };
    const parts = countParts(sms.text);
    if (text.length > SMS_LIMITS.textMaxChars || parts > SMS_LIMITS.partsMax)
      throw new ToolError(
        `The text is too long: ${parts} parts, and ${SMS_LIMITS.partsMax} at most. Shorten it.`,
      );
    return sms;
  }

  /** A person has named the number, or it has written by itself and nothing foreign speaks in this turn. */
  function requireMandate(to: string, mandate: Mandate): void {
    try {
      mandate.requireNamed([to]);
    } catch (error) {
      if (!(error instanceof ToolError) || !log.peer(to).hasWritten) throw error;
      mandate.requireUntainted();
    }
  }

  function requireRoom(to: string, text: string): void {
    const now = nowMs();
    const same = log.sentTo(to, now - SMS_LIMITS.repetitionMs).find((entry) => isSame(entry, text));
    if (same !== undefined)
      throw new ToolError(
        same.state === "sent" || same.state === "delivered"
          ? "These very words have just been sent there. They are not sent again."
          : "It is not known whether these very words have reached them. They are not sent again; ask the people.",
      );
    if (log.countSent(now - DAY_MS) >= SMS_LIMITS.perDayMax)
      throw new ToolError(
        `No more than ${SMS_LIMITS.perDayMax} texts are sent in a day. Try again tomorrow.`,
      );
  }

  return {
    send: async (wish, mandate, deliver) => {
      const id = `out:${wish.callId ?? randomUUID()}`;
      const known = log.find(id);
      if (known !== undefined) return { to: known.number, text: known.text, outcome: outcomeOfEntry(known) };
      const sms = allow(wish, mandate);
      log.begin({ id, atMs: nowMs(), number: sms.to, text: sms.text });
      let outcome: SmsOutcome = { state: "unknown" };
      try {
        outcome = await deliver(sms);
      } finally {
        log.settle(id, noteOf(outcome));
      }
      const isStop = outcome.state === "refused" && outcome.code === STOP_CODE;
      if (isStop) log.setStop(sms.to, { atMs: nowMs(), by: "provider" });
      else if (outcome.state === "sent") log.setStop(sms.to, undefined);
      return { ...sms, outcome };
    },
    noteReceived: ({ from, sentAt, reference, text }) => {
      const sentAtMs = Date.parse(sentAt);
      const atMs = Number.isNaN(sentAtMs) ? nowMs() : Math.min(sentAtMs, nowMs());
      const keyword = keywordOf(text);
      const number = cleanText(from).replace(/\s+/g, " ").slice(0, SMS_LIMITS.senderMaxChars);
      const words = cleanText(text).slice(0, SMS_LIMITS.receivedMaxChars);
      const isNew = log.take({ id: `in:${reference}`, atMs, number, text: words });
      if (isNew && keyword === "stop") log.setStop(number, { atMs, by: "them" });
      if (isNew && keyword === "start") log.setStop(number, undefined);
      return keyword;
    },
  };
}

/** The introduction, which only the first message carries, makes no difference. */
const isSame = (entry: SmsEntry, text: string): boolean =>
  entry.text === text || entry.text.startsWith(`${text}\nFrom `);

const noteOf = (outcome: SmsOutcome): Pick<SmsEntry, "state" | "providerId" | "code"> => {
  if (outcome.state === "sent") return { state: "sent", providerId: outcome.providerId };
  if (outcome.state === "unknown") return { state: "unknown" };
  return { state: "refused", ...(outcome.code !== undefined && { code: outcome.code }) };
};

function outcomeOfEntry({ state, providerId, code }: SmsEntry): SmsOutcome {
  if (state === "refused") return { state, code };
  return providerId === undefined ? { state: "unknown" } : { state: "sent", providerId };
}
