import { nowNs } from "./clock.ts";
import { type GrpcMethods, NO_FIELDS, unary } from "./grpc-method.ts";
import { applyAssociations, checkIdentityUpdate } from "./identity-update.ts";
import { MAX_INBOX_UPDATES } from "./limits.ts";
import { cursorOf } from "./paging.ts";
import { decode, encode, repeated } from "./protobuf.ts";
import type { Store } from "./store.ts";

/** `xmtp.identity.api.v1.IdentityApi`, by method name. Field numbers are those of identity/api/v1/identity.proto. */
export const identityApi = (store: Store): GrpcMethods => ({
  PublishIdentityUpdate: unary((request) => {
    const body = request.bytes(1);
    const update = decode(body);
    const inboxId = update.text(3);
    checkIdentityUpdate(store, inboxId, update);
    store.transaction(() => {
      store.inboxUpdates.append(inboxId, (id) => encode([1, id], [2, nowNs()], [3, body]));
      applyAssociations(store, inboxId, update);
    });
    return NO_FIELDS;
  }),

  /** Answers in the order asked, with nothing for an unknown inbox. */
  GetIdentityUpdates: unary((request) => {
    const answers = request.messages(1).map((filter) => {
      const inboxId = filter.text(1);
      const updates = store.inboxUpdates.after(inboxId, cursorOf(filter, 2), MAX_INBOX_UPDATES);
      return encode(
        [1, inboxId],
        ...repeated(
          2,
          updates.map((update) => update.body),
        ),
      );
    });
    return encode(...repeated(1, answers));
  }),

  GetInboxIds: unary((request) => {
    const answers = request.messages(1).map((asked) => {
      const address = asked.text(1);
      return encode([1, address], [2, store.inboxOf(address)]);
    });
    return encode(...repeated(1, answers));
  }),

  VerifySmartContractWalletSignatures: unary((request) => {
    const answers = request.all(1).map(() => encode([3, "a local node has no chain to ask"]));
    return encode(...repeated(1, answers));
  }),
});
