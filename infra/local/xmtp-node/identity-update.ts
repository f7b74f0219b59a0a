import { createHash } from "node:crypto";
import { invalidArgument } from "./grpc-status.ts";
import { MAX_INBOX_UPDATES } from "./limits.ts";
import type { Fields } from "./protobuf.ts";
import type { Store } from "./store.ts";

/** `xmtp.identity.associations.IdentifierKind`: from passkeys on, an inbox id is not derived from an address. */
const PASSKEY = 2n;
const INBOX_ID = /^[0-9a-f]{64}$/;

/**
 * Refuses an identity update that does not fit its inbox's log, by throwing GrpcError.
 * No signature is checked: every client checks them all by itself.
 */
export function checkIdentityUpdate(store: Store, inboxId: string, update: Fields): void {
  if (!INBOX_ID.test(inboxId)) throw invalidArgument("an inbox id is 64 hex digits");
  const known = store.inboxUpdates.count(inboxId);
  if (known >= MAX_INBOX_UPDATES) throw invalidArgument("the inbox's log is full");
  const actions = update.messages(1);
  if (actions.length === 0) throw invalidArgument("an identity update needs actions");
  const creations = actions.filter((action) => action.has(1)).map((action) => action.message(1));
  if (known > 0 && creations.length > 0) throw invalidArgument("the inbox exists already");
  if (known === 0 && creations.length === 0) throw invalidArgument("the inbox does not exist");
  for (const creation of creations) checkInboxId(inboxId, creation);
}

function checkInboxId(inboxId: string, creation: Fields): void {
  if (creation.uint(4) >= PASSKEY) return;
  const seed = creation.text(1).toLowerCase() + creation.uint(2).toString();
  const derived = createHash("sha256").update(seed).digest("hex");
  if (derived !== inboxId) throw invalidArgument("the inbox id does not match its creator");
}

/** Keeps which inbox an address belongs to as the update's actions change it: create, add, revoke. */
export function applyAssociations(store: Store, inboxId: string, update: Fields): void {
  for (const action of update.messages(1)) {
    if (action.has(1)) store.associate(action.message(1).text(1), inboxId);
    if (action.has(2)) {
      const added = action.message(2).message(1);
      if (added.has(1)) store.associate(added.text(1), inboxId);
    }
    if (action.has(3)) {
      const revoked = action.message(3).message(1);
      if (revoked.has(1)) store.dissociate(revoked.text(1), inboxId);
    }
  }
}
