import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import type { Failure } from "./words.ts";

/** What became of the one request. `refused`: it is certain that nothing left. */
export type TransferOutcome =
  | { kind: "sent"; txHash: string }
  | { kind: "refused"; failure: Failure }
  | { kind: "unknown"; txHash?: string };

const Answer = Type.Object({
  success: Type.Optional(Type.Boolean()),
  txHash: Type.Optional(Type.String()),
  transactionHash: Type.Optional(Type.String()),
  status: Type.Optional(Type.String()),
  error: Type.Optional(Type.String()),
  errorCode: Type.Optional(Type.String()),
});

const HASH = /^0x[0-9a-fA-F]{64}$/;
/** Refusals that come before anything is broadcast. */
const NOT_PERMITTED = /limit|not (allowed|permitted)|permitted recipient|paused/i;

/** Reads an answer to a transfer. Source: Bankr documents "Transfer", "Errors" and "Wallet security settings". */
export function readTransferAnswer(status: number, text: string): TransferOutcome {
  const answer = parse(text);
  // A page of something on the way does not say what lies behind it.
  if (answer === undefined) return { kind: "unknown" };
  const txHash = [answer.txHash, answer.transactionHash].find(
    (hash) => hash !== undefined && HASH.test(hash),
  );
  if (txHash !== undefined) return readBroadcast(status, answer, txHash);
  const { error = "" } = answer;
  switch (status) {
    case 200:
    case 400:
      return readRefusal(answer);
    case 401:
      return { kind: "refused", failure: "denied" };
    case 402:
      return { kind: "refused", failure: "no-credit" };
    case 403:
      if (error === "Read-only API key") return { kind: "refused", failure: "read-only" };
      return {
        kind: "refused",
        failure: NOT_PERMITTED.test(error) || answer.errorCode ? "wallet-limit" : "denied",
      };
    case 404:
    case 413:
      return { kind: "refused", failure: "refused" };
    case 429:
      return { kind: "refused", failure: "throttled" };
    default:
      return { kind: "unknown" };
  }
}

/** It is on its way whatever else the answer says; a reverted one has moved nothing. */
function readBroadcast(status: number, answer: Static<typeof Answer>, txHash: string): TransferOutcome {
  if (answer.status === "reverted") return { kind: "refused", failure: "refused" };
  const isSettled = answer.status === undefined || answer.status === "success";
  if (status === 200 && answer.success !== false && isSettled) return { kind: "sent", txHash };
  return { kind: "unknown", txHash };
}

/** Without a transaction only what is known to come before one counts as not sent. */
function readRefusal({ success, error = "", errorCode }: Static<typeof Answer>): TransferOutcome {
  if (/insufficient|not enough/i.test(error)) return { kind: "refused", failure: "insufficient" };
  if (errorCode !== undefined || NOT_PERMITTED.test(error))
    return { kind: "refused", failure: "wallet-limit" };
  if (success === undefined && /^invalid/i.test(error)) return { kind: "refused", failure: "refused" };
  return { kind: "unknown" };
}

function parse(text: string): Static<typeof Answer> | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return Value.Check(Answer, answer) ? answer : undefined;
  } catch {
    // Not JSON; the parser's message would quote it.
    return undefined;
  }
}
