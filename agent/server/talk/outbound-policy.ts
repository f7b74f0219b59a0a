import type { TurnResult } from "../loopback/channel-api.ts";
import { splitText } from "./chunks.ts";
import { stripControlTokens } from "./control-tokens.ts";
import { classifyErrorText, type OutageKind } from "./error-text.ts";
import { toPlainText } from "./plain-text.ts";

export const MESSAGE_MAX_CHARS = 4_000;
export const APOLOGY = "Sorry, I couldn't answer that just now. Please try again in a moment.";
export const CREDIT_NOTICE =
  "I've used up the credit I have for thinking. I'll answer again as soon as it has been topped up.";
/** The notice, with where that can be done if there is such a place. */
export const creditNotice = (topUpUrl: string | undefined): string =>
  topUpUrl === undefined ? CREDIT_NOTICE : `${CREDIT_NOTICE} You can do that here: ${topUpUrl}`;

/** What stands in the way of answers: no money for the model, or anything else. */
export const OUTAGES = ["credit", "failure"] as const;
export type Outage = (typeof OUTAGES)[number];

export interface OutboundContext {
  /** The outage of which the people have been told and which has not ended. */
  told: Outage | undefined;
  /** Whether the model proxy has been refused for money: then that is why a turn failed. */
  outOfCredit: boolean;
  /** Where people can top the agent's credit up. */
  topUpUrl?: string | undefined;
  /** Whether answers are sent as Markdown; else as the plain text of it. */
  markdown: boolean;
  redact(text: string): string;
}

export interface OutboundDecision {
  /** What to say, in order; empty when there is nothing to say. */
  messages: readonly string[];
  /** The outage after this result; an answer of the model ends it. */
  outage: Outage | undefined;
}

/**
 * The one way from a model's words to the chat: no control token, no error of the machinery, no markdown unless it is
 * wanted, no secret, no message over the limit. An outage gets one plain apology, a lack of credit one notice.
 */
export function decideOutbound(result: TurnResult, context: OutboundContext): OutboundDecision {
  const { told } = context;
  const text = result.text === null ? "" : stripControlTokens(result.text);
  const failure = text === "" ? outageOf(result) : classifyErrorText(text);
  if (failure === "credit" || (failure !== undefined && context.outOfCredit))
    return { messages: told === "credit" ? [] : [creditNotice(context.topUpUrl)], outage: "credit" };
  if (failure !== undefined)
    return { messages: told === undefined ? [APOLOGY] : [], outage: told ?? "failure" };
  if (text === "") return { messages: [], outage: told };
  return { messages: messagesOf(text, context), outage: undefined };
}

/** The same for what the model says in the middle of a turn, where an error is nobody's answer: it is not said. */
export function decideInterim(said: string, context: Wording): readonly string[] {
  const text = stripControlTokens(said);
  return classifyErrorText(text) === undefined ? messagesOf(text, context) : [];
}

type Wording = Pick<OutboundContext, "redact" | "markdown">;

const messagesOf = (text: string, { redact, markdown }: Wording): readonly string[] =>
  splitText(redact(stripControlTokens(markdown ? text : toPlainText(text))), MESSAGE_MAX_CHARS);

const outageOf = (result: TurnResult): OutageKind | undefined =>
  result.error === undefined ? undefined : "failed";
