import { type BucketName, type Budget, type Rate, REQUESTS } from "./budget.ts";

/**
 * A bucket never lets through more than `capacity + refillPerSecond × t` in any time t: where a provider documents
 * a limit, that sum stays within it. An account on a larger plan may be given a larger budget.
 */

/** Railway, "Public API: Rate limits", Hobby: 1,000 requests an hour, 10 a second, per account. */
export const RAILWAY_BUDGET: Budget = {
  account: "railway",
  bucket: REQUESTS,
  capacity: 200,
  refillPerSecond: 800 / 3600,
  minGapMs: 110,
};

/** Railway answers a second project within 30 s with "Only one project can be created per user every 30s". */
export const RAILWAY_PROJECT_CREATE: { name: BucketName; rate: Rate } = {
  name: "railway/project-create",
  rate: { capacity: 1, refillPerSecond: 1 / 31 },
};

/** OpenRouter documents no limit of its management API; 429 was seen at about 20 deletions at once, never at 5. */
export const OPENROUTER_BUDGET: Budget = {
  account: "openrouter",
  bucket: REQUESTS,
  capacity: 5,
  refillPerSecond: 5,
};

/** AgentMail documents a 429 with Retry-After and no number: our own choice, corrected by what it answers. */
export const AGENTMAIL_BUDGET: Budget = {
  account: "agentmail",
  bucket: REQUESTS,
  capacity: 10,
  refillPerSecond: 5,
};

/** Telnyx documents error 10011 and no number for its management API: our own choice. */
export const TELNYX_BUDGET: Budget = {
  account: "telnyx",
  bucket: REQUESTS,
  capacity: 10,
  refillPerSecond: 5,
};

/** Bankr: 120 requests a minute and address, as integrations observed. */
export const BANKR_BUDGET: Budget = {
  account: "bankr",
  bucket: REQUESTS,
  capacity: 20,
  refillPerSecond: 100 / 60,
};

/** Bankr: 10 partner wallets a minute, as integrations observed. */
export const BANKR_WALLET_CREATE: { name: BucketName; rate: Rate } = {
  name: "bankr/wallet-create",
  rate: { capacity: 2, refillPerSecond: 8 / 60 },
};
