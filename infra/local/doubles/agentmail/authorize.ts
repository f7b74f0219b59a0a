import type { JsonReply } from "../base/reply.ts";
import type { DoubleRequest } from "../base/router.ts";
import { type Account, hashOf } from "./account.ts";
import {
  invalidTokenType,
  missingAuthorization,
  missingPermission,
  notFound,
  unknownApiKey,
} from "./errors.ts";
import type { InboxRecord, KeyRecord } from "./records.ts";

/** Who calls: the organisation's key, or a key that knows one inbox only. */
export type Caller = { kind: "organization" } | { kind: "inbox"; key: KeyRecord };
export type Refused = { kind: "refused"; reply: JsonReply };

/** Tells keys apart by hash, so no secret is kept or compared in clear. */
export class Authorizer {
  readonly #account: Account;
  readonly #organizationHash: string;

  constructor(account: Account, apiKey: string) {
    this.#account = account;
    this.#organizationHash = hashOf(apiKey);
  }

  /** Whose secret it is, undefined when it is nobody's. */
  callerOfSecret(secret: string): Caller | undefined {
    if (hashOf(secret) === this.#organizationHash) return { kind: "organization" };
    const key = this.#account.keyOfSecret(secret);
    return key && { kind: "inbox", key };
  }

  /** The caller of a request to something of the organisation, when it holds the permission. */
  caller({ headers }: DoubleRequest, permission: string): Caller | Refused {
    const { authorization } = headers;
    if (authorization === undefined) return refuse(missingAuthorization());
    const secret = /^Bearer (\S+)$/.exec(authorization)?.[1];
    if (secret === undefined) return refuse(invalidTokenType());
    const caller = this.callerOfSecret(secret);
    if (!caller) return refuse(unknownApiKey());
    return holds(caller, permission) ? caller : refuse(missingPermission(permission));
  }

  /** The refusal of anything but the organisation's key; undefined lets it pass. */
  organization(request: DoubleRequest, permission: string): JsonReply | undefined {
    const caller = this.caller(request, permission);
    if (caller.kind === "refused") return caller.reply;
    return caller.kind === "organization" ? undefined : missingPermission(permission);
  }

  /** The inbox of the path `:inbox`, when the caller may see it at all and holds the permission. */
  inbox(
    request: DoubleRequest,
    permission: string,
    settleMs = this.#account.settings.readSettleMs,
  ): { kind: "inbox"; inbox: InboxRecord; caller: Caller } | Refused {
    const caller = this.caller(request, permission);
    if (caller.kind === "refused") return caller;
    const inbox = this.#account.inbox(request.params.inbox ?? "");
    if (!inbox || (caller.kind === "inbox" && caller.key.inbox_id !== inbox.inbox_id)) {
      return refuse(notFound("Inbox"));
    }
    const ageMs = this.#account.clock.nowMs() - Date.parse(inbox.created_at);
    return ageMs < settleMs ? refuse(notFound("Inbox")) : { kind: "inbox", inbox, caller };
  }
}

const refuse = (reply: JsonReply): Refused => ({ kind: "refused", reply });

/** A key without a list of permissions holds them all, one with a list only what is true in it. */
export function holds(caller: Caller, permission: string): boolean {
  if (caller.kind === "organization" || caller.key.permissions === undefined) return true;
  return caller.key.permissions[permission] === true;
}
