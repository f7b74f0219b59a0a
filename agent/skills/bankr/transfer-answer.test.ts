import { expect, it } from "vitest";
import { readTransferAnswer } from "./transfer-answer.ts";

const HASH = `0x${"ab".repeat(32)}`;
const refused = (failure: string) => ({ kind: "refused", failure });

it.each([
  [200, { success: true, txHash: HASH }, { kind: "sent", txHash: HASH }],
  [200, { success: true, transactionHash: HASH, status: "success" }, { kind: "sent", txHash: HASH }],
  [200, { success: true, txHash: HASH, status: "pending" }, { kind: "unknown", txHash: HASH }],
  [200, { success: true, txHash: HASH, status: "something new" }, { kind: "unknown", txHash: HASH }],
  [400, { success: false, transactionHash: HASH, status: "reverted" }, refused("refused")],
  [400, { success: false, transactionHash: HASH, error: "timed out" }, { kind: "unknown", txHash: HASH }],
  [504, { error: "receipt_pending", transactionHash: HASH }, { kind: "unknown", txHash: HASH }],
  [200, { success: true }, { kind: "unknown" }],
  [200, { success: true, txHash: "0x12" }, { kind: "unknown" }],
  [400, { success: false, error: "Insufficient balance of USDC" }, refused("insufficient")],
  [400, { success: false, errorCode: "DAILY_LIMIT_EXCEEDED", error: "x" }, refused("wallet-limit")],
  [400, { success: false, error: "Recipient is not a permitted recipient" }, refused("wallet-limit")],
  [400, { error: "Invalid request", message: "amount" }, refused("refused")],
  [400, { success: false, error: "Something went wrong" }, { kind: "unknown" }],
  [401, { error: "Invalid API key" }, refused("denied")],
  [402, { error: "Payment required" }, refused("no-credit")],
  [403, { error: "Read-only API key" }, refused("read-only")],
  [403, { error: "Wallet API access not enabled" }, refused("denied")],
  [403, { error: "Wallet paused" }, refused("wallet-limit")],
  [404, { error: "Not Found" }, refused("refused")],
  [409, { error: "duplicate_request" }, { kind: "unknown" }],
  [429, { error: "Rate limit exceeded" }, refused("throttled")],
  [500, { error: "Internal error" }, { kind: "unknown" }],
  [503, { error: "Service unavailable" }, { kind: "unknown" }],
  [504, { error: "Gateway timeout" }, { kind: "unknown" }],
  [418, {}, { kind: "unknown" }],
])("%i %j is %j", (status, body, outcome) => {
  expect(readTransferAnswer(status, JSON.stringify(body))).toEqual(outcome);
});

it.each([200, 403, 429, 502])("is not told by a page with status %i", (status) => {
  expect(readTransferAnswer(status, "<html>Access denied</html>")).toEqual({ kind: "unknown" });
  expect(readTransferAnswer(status, "[]")).toEqual({ kind: "unknown" });
});
