import { CHAINS } from "./assets.ts";
import { PAYMENT_LIMITS } from "./limits.ts";
import { describeTerms, type Terms } from "./payment.ts";

/** Why nothing was sent. */
export const FAILURES = {
  insufficient: "the wallet does not hold enough",
  unreachable: "the wallet cannot be reached now",
  "no-wallet": "there is no wallet",
  denied: "the wallet's key is not accepted",
  "read-only": "the wallet's key may only read",
  "wallet-limit": "the wallet's own security settings refuse it",
  throttled: "the wallet service is asked too often; try again in some minutes",
  "no-credit": "the wallet service asks to be paid first",
  refused: "the wallet service refuses it",
  "too-late": "too much time has passed since it was confirmed",
  unclear: "the outcome of an earlier transfer is not known yet; try again in some minutes",
  changed: "it is not what was confirmed",
} as const;
export type Failure = keyof typeof FAILURES;

const minutes = (ms: number): string => `${Math.round(ms / 60_000)} minutes`;

/** What a person answers to; every part of the terms stands in it. */
export function quoteText(terms: Terms, isRepeated: boolean): string {
  const purpose = terms.note === undefined ? "" : ` (for “${terms.note}”)`;
  const warning = isRepeated
    ? " Careful: whether an earlier transfer of the same amount to this address went through is not known. First check that it has not arrived."
    : "";
  return `Send ${describeTerms(terms)}${purpose}?${warning}\nReply “yes” to this message to confirm, “no” to drop it. Valid for ${minutes(PAYMENT_LIMITS.quoteValidMs)}.`;
}

export const droppedText = (terms: Terms): string => `Dropped: ${describeTerms(terms)}. Nothing was sent.`;
export const expiredText = (terms: Terms): string =>
  `That quote has expired, and nothing was sent: ${describeTerms(terms)}. Ask me again for a new one.`;
export const overLimitText = (terms: Terms, limit: string): string =>
  `Not sent: ${describeTerms(terms)}. ${limit}`;
export const sentText = (terms: Terms, txHash: string | undefined): string =>
  `Sent ${describeTerms(terms)}. ${txHash === undefined ? "The balance shows that it has left the wallet." : `Transaction ${txHash}`}`;
export const failedText = (terms: Terms, failure: Failure): string =>
  `Not sent: ${describeTerms(terms)}; ${FAILURES[failure]}. Ask me again for a new quote.`;

/** Told at once when no answer says what became of it. */
export const unknownText = (terms: Terms, txHash: string | undefined): string =>
  `I do not know whether this was sent: ${describeTerms(terms)}. ${
    txHash === undefined
      ? "The wallet service gave no clear answer."
      : `Its transaction ${txHash} is not settled yet.`
  } I will not send it again; I look at the wallet during the next ${minutes(PAYMENT_LIMITS.looksAfterMs.at(-1) ?? 0)} and tell you what I see.`;

/** Told when looking has not shown that it left. */
export const stillUnknownText = (terms: Terms, ownAddress: string | undefined): string =>
  `The balance does not show that this has left: ${describeTerms(terms)}. It still may. Please check with the recipient${
    ownAddress === undefined ? "" : ` or at ${CHAINS[terms.chain].explorer}${ownAddress}`
  } before you ask me to send it again; by myself I never do.`;

/** A model's words inside of the server's: one line, nothing that changes how the rest reads. */
export function plainNote(note: string): string | undefined {
  const plain = note
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ")
    .replace(/[“”"]/g, "'")
    .trim()
    .slice(0, PAYMENT_LIMITS.noteMaxChars)
    .trim();
  return plain === "" ? undefined : plain;
}
