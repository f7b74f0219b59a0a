import type { JsonReply } from "../base/reply.ts";
import type { DoubleRequest } from "../base/router.ts";
import { type Account, hashOf } from "./account.ts";
import {
  managementOnly,
  missingCredentials,
  noCredentials,
  notForManagement,
  userNotFound,
} from "./errors.ts";
import type { KeyRecord } from "./key-record.ts";

export type Credentials = { kind: "management" } | { kind: "inference"; key: KeyRecord };
type Refused = { kind: "refused"; reply: JsonReply };

/** Tells the two kinds of key apart. Both are compared by hash, so no secret is kept or compared in clear. */
export class Authorizer {
  readonly #account: Account;
  readonly #managementHash: string;

  constructor(account: Account, managementKey: string) {
    this.#account = account;
    this.#managementHash = hashOf(managementKey);
  }

  any({ headers }: DoubleRequest): Credentials | Refused {
    if (headers.authorization === undefined) return { kind: "refused", reply: missingCredentials() };
    const secret = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization)?.[1];
    if (secret === undefined) return { kind: "refused", reply: noCredentials() };
    if (hashOf(secret) === this.#managementHash) return { kind: "management" };
    const key = this.#account.usableKey(secret);
    return key ? { kind: "inference", key } : { kind: "refused", reply: userNotFound() };
  }

  /** The refusal of anything but a management key; undefined lets it pass. */
  management(request: DoubleRequest): JsonReply | undefined {
    const credentials = this.any(request);
    if (credentials.kind === "refused") return credentials.reply;
    return credentials.kind === "management" ? undefined : managementOnly();
  }

  inference(request: DoubleRequest): Extract<Credentials, { kind: "inference" }> | Refused {
    const credentials = this.any(request);
    return credentials.kind === "management" ? { kind: "refused", reply: notForManagement() } : credentials;
  }
}
