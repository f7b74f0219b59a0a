import type { JsonReply } from "../base/reply.ts";
import type { DoubleRequest } from "../base/router.ts";
import { type Account, hashOf } from "./account.ts";
import { errorReply } from "./errors.ts";
import { settleJobs } from "./jobs.ts";
import type { Key, Permissions, Wallet } from "./records.ts";

export type Caller = { key: Key; wallet: Wallet };

/** Tells partner keys and wallet keys apart, and what a wallet's key may do. */
export class Authorizer {
  readonly #account: Account;
  readonly #partnerHash: string;

  constructor(account: Account, partnerKey: string) {
    this.#account = account;
    this.#partnerHash = hashOf(partnerKey);
  }

  /** The refusal of anything but the partner's key; undefined lets it pass. */
  partner({ headers }: DoubleRequest): JsonReply | undefined {
    const secret = headers["x-partner-key"];
    if (typeof secret !== "string") return errorReply(401, "Partner API key required");
    if (hashOf(secret) === this.#partnerHash) return undefined;
    return errorReply(401, "Invalid partner API key", "The provided partner API key is invalid or inactive");
  }

  /** Whose wallet the request is about, or the refusal. `needs` names the capability, `isWrite` what moves money. */
  wallet(
    { headers }: DoubleRequest,
    needs?: keyof Permissions,
    isWrite = false,
  ): { caller: Caller } | { refusal: JsonReply } {
    // What its jobs have done meanwhile comes first.
    settleJobs(this.#account);
    const secret = headers["x-api-key"] ?? /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? "")?.[1];
    if (typeof secret !== "string") {
      return { refusal: errorReply(401, "Authentication required", "API key is missing or invalid") };
    }
    const key = this.#account.usableKey(secret);
    const wallet = key && this.#account.wallet(key.walletId);
    if (!key || !wallet) return { refusal: errorReply(401, "Invalid API key") };
    if (needs && !key.permissions[needs]) {
      const api = needs === "agentApiEnabled" ? "Agent API" : "Wallet API";
      return { refusal: errorReply(403, `${api} access not enabled`, `Enable it for your API key`) };
    }
    if (isWrite && key.permissions.readOnly) {
      return { refusal: errorReply(403, "Read-only API key", "This API key cannot make transactions") };
    }
    return { caller: { key, wallet } };
  }
}
