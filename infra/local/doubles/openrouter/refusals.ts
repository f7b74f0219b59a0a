import type { JsonReply } from "../base/reply.ts";
import type { Account } from "./account.ts";
import type { CompletionRequest } from "./completion-request.ts";
import { errorReply } from "./errors.ts";
import { type KeyRecord, limitRemaining } from "./key-record.ts";
import type { Model } from "./models.ts";

const CREDITS_PAGE = "https://openrouter.ai/settings/credits";
/** Lets 999.9999999 tokens be the 1000 that the money is worth. */
const ROUNDING = 1e-6;
const KEYS_PAGE = "https://openrouter.ai/settings/keys";

/** Why this key may not have this answer for want of money; undefined when it may. */
export function refuseForMoney(
  account: Account,
  key: KeyRecord,
  model: Pick<Model, "promptUsd" | "completionUsd">,
  request: Pick<CompletionRequest, "max_tokens" | "max_completion_tokens">,
): JsonReply | undefined {
  if (model.promptUsd === 0 && model.completionUsd === 0) return undefined;
  const left = limitRemaining(key, key.meter, account.nowMs);
  const window = key.limit_reset ?? "total";
  if (left !== null && left <= 0) {
    const status = account.settings.keyLimitStatus;
    const type = status === 402 ? "payment_required" : "permission_denied";
    return errorReply(status, type, `Key limit exceeded (${window} limit). Manage it using ${KEYS_PAGE}`);
  }
  if (account.balanceUsd <= 0) {
    return errorReply(402, "payment_required", `Insufficient credits. Add more using ${CREDITS_PAGE}`);
  }
  const wanted = request.max_completion_tokens ?? request.max_tokens ?? null;
  if (wanted === null) return undefined;
  if (wanted * model.completionUsd > account.balanceUsd) {
    return tooManyTokens(
      wanted,
      account.balanceUsd / model.completionUsd,
      `${CREDITS_PAGE} and add more credits`,
    );
  }
  if (left !== null && wanted * model.completionUsd > left) {
    return tooManyTokens(
      wanted,
      left / model.completionUsd,
      `${KEYS_PAGE} and create a key with a higher ${window} limit`,
    );
  }
  return undefined;
}

/** Why no endpoint fits the routing preferences; undefined when one does. */
export function refuseForRouting(
  model: Model,
  preferences: CompletionRequest["provider"],
): JsonReply | undefined {
  if (
    preferences?.only &&
    preferences.only.length > 0 &&
    !preferences.only.some((name) => PROVIDERS.has(name))
  ) {
    return unavailable("no_endpoints", "No allowed providers are available for the selected model.");
  }
  const isPrivate = preferences?.zdr === true || preferences?.data_collection === "deny";
  if (isPrivate && !model.isZeroDataRetention) {
    return unavailable("privacy_restricted", "No endpoints found matching your data policy.");
  }
  return undefined;
}

const PROVIDERS = new Set([
  "anthropic",
  "openai",
  "google-vertex",
  "google-ai-studio",
  "amazon-bedrock",
  "azure",
  "perplexity",
]);

const unavailable = (code: string, message: string): JsonReply =>
  errorReply(404, "not_found", message, {}, { availability: { code, retryable: false } });

const tooManyTokens = (wanted: number, affordable: number, remedy: string): JsonReply =>
  errorReply(
    402,
    "payment_required",
    `This request requires more credits, or fewer max_tokens. You requested up to ${wanted} tokens, but can only afford ${Math.floor(affordable + ROUNDING)}. To increase, visit ${remedy}`,
  );
