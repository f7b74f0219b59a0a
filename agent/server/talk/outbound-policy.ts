import type { TurnResult } from "../loopback/channel-api.ts";
import { splitText } from "./chunks.ts";
import { stripControlTokens } from "./control-tokens.ts";
import { classifyErrorText, type OutageKind } from "./error-text.ts";
import { toPlainText } from "./plain-text.ts";

export const MESSAGE_MAX_CHARS = 4_000;
export const APOLOGY = "Sorry, I couldn't answer that just now. Please try again in a moment.";
export const CREDIT_NOTICE =
  "I've used up the credit I have for thinking. I'll answer again as soon as it has been topped up.";

export interface OutboundContext {
  /** Whether the people have been told of the present lack of credit. */
  creditNoticeGiven: boolean;
  /** Whether the model proxy has been refused for money: then that is why a turn failed. */
  outOfCredit: boolean;
  redact(text: string): string;
}

export interface OutboundDecision {
  /** What to say, in order; empty when there is nothing to say. */
  messages: readonly string[];
  /** Whether credit is lacking after this result; an answer of the model ends the outage. */
  creditOutage: boolean;
}

/**
 * The one way from a model's words to the chat: no control token, no error of the machinery, no markdown, no
 * secret, no message over the limit. A failed turn gets one plain apology, a lack of credit one notice.
 */
export function decideOutbound(result: TurnResult, context: OutboundContext): OutboundDecision {
  const { creditNoticeGiven } = context;
  const text = result.text === null ? "" : stripControlTokens(result.text);
  const failure = text === "" ? outageOf(result) : classifyErrorText(text);
  const outage = failure !== undefined && context.outOfCredit ? "credit" : failure;
  if (outage === "credit") return { messages: creditNoticeGiven ? [] : [CREDIT_NOTICE], creditOutage: true };
  if (outage !== undefined) return { messages: [APOLOGY], creditOutage: creditNoticeGiven };
  if (text === "") return { messages: [], creditOutage: creditNoticeGiven };
  const plain = stripControlTokens(toPlainText(text));
  return { messages: splitText(context.redact(plain), MESSAGE_MAX_CHARS), creditOutage: false };
}

const outageOf = (result: TurnResult): OutageKind | undefined =>
  result.error === undefined ? undefined : "failed";
