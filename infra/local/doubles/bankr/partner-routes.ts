import Type, { type TSchema } from "typebox";
import { Value } from "typebox/value";
import { json, type Reply } from "../base/reply.ts";
import type { DoubleRequest, Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import type { Authorizer } from "./authorize.ts";
import { badRequest, errorReply, throttled, walletNotFound } from "./errors.ts";
import { RateWindow } from "./rate-window.ts";
import {
  DEFAULT_PERMISSIONS,
  type Key,
  type Permissions,
  PermissionsSchema,
  type Wallet,
} from "./records.ts";

const MAX_ACTIVE_KEYS = 30;

const KeyWishSchema = Type.Object({
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  permissions: Type.Optional(Type.Partial(PermissionsSchema)),
  allowedIps: Type.Optional(Type.Array(Type.String())),
  allowedRecipients: Type.Optional(Type.Unknown()),
});
const CreateSchema = Type.Object({
  idempotencyKey: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  wallet: Type.Optional(Type.Object({ solana: Type.Optional(Type.Literal(false)) })),
  apiKey: Type.Optional(KeyWishSchema),
});

const permissionsOf = (wish: Partial<Permissions> | undefined): Permissions => ({
  ...DEFAULT_PERMISSIONS,
  ...wish,
});

/** `/partner/wallets`: what the partner organisation's key may do. Nothing here deletes a wallet. */
export function partnerRoutes(account: Account, authorizer: Authorizer): Route[] {
  const creates = new RateWindow();
  const partner = (handle: (request: DoubleRequest) => Reply) => (request: DoubleRequest) =>
    authorizer.partner(request) ?? handle(request);
  const ofWallet = (handle: (wallet: Wallet, request: DoubleRequest) => Reply) =>
    partner((request) => {
      const wallet = account.wallet(request.params.wallet ?? "");
      return wallet ? handle(wallet, request) : walletNotFound();
    });
  const ofKey = (handle: (key: Key, request: DoubleRequest) => Reply) =>
    ofWallet((wallet, request) => {
      const key = account.keys(wallet.id).find(({ keyId }) => keyId === request.params.key);
      const isListed = key?.isActive || account.settings.listsRevokedKeys;
      return key && isListed ? handle(key, request) : errorReply(404, "API key not found");
    });
  const view = ({ id, evmAddress, idempotencyKey, createdAt }: Wallet) => ({
    ...{ id, evmAddress: evmAddress.toLowerCase(), status: "active", createdAt },
    ...(account.settings.listsIdempotencyKey ? { idempotencyKey } : {}),
  });
  return [
    {
      method: "POST",
      path: "/partner/wallets",
      handle: partner(({ body }) => {
        if (!Value.Check(CreateSchema, body)) return badRequest(problem(CreateSchema, body));
        const { settings } = account;
        if (!creates.take(account.nowMs, settings.createsPerMinute)) return throttled(undefined);
        const { idempotencyKey = null, apiKey } = body;
        const known = account
          .wallets()
          .find((one) => idempotencyKey && one.idempotencyKey === idempotencyKey);
        if (known && settings.replayStatus === 409) {
          return errorReply(409, "Wallet already exists", "A wallet with this idempotencyKey exists");
        }
        if (known) return json(200, { id: known.id, evmAddress: known.evmAddress.toLowerCase() });
        if (account.wallets().length >= settings.maxWallets) return errorReply(403, "Wallet limit reached");
        const wallet = account.createWallet(idempotencyKey);
        const { id, evmAddress } = wallet;
        if (!apiKey) return json(201, { id, evmAddress });
        const { secret } = account.createKey(id, apiKey.name ?? null, permissionsOf(apiKey.permissions));
        return json(201, { id, evmAddress, apiKey: secret });
      }),
    },
    {
      method: "GET",
      path: "/partner/wallets",
      handle: partner(() => json(200, { wallets: account.wallets().map(view) })),
    },
    {
      method: "GET",
      path: "/partner/wallets/:wallet",
      handle: ofWallet((wallet) => json(200, view(wallet))),
    },
    {
      method: "GET",
      path: "/partner/wallets/:wallet/api-keys",
      handle: ofWallet(({ id }) => {
        const keys = account.keys(id).filter(({ isActive }) => isActive || account.settings.listsRevokedKeys);
        return json(200, { apiKeys: keys.map(({ hash, walletId, ...shown }) => shown) });
      }),
    },
    {
      method: "POST",
      path: "/partner/wallets/:wallet/api-keys",
      handle: ofWallet(({ id }, { body }) => {
        if (!Value.Check(KeyWishSchema, body)) return badRequest(problem(KeyWishSchema, body));
        const active = account.keys(id).filter(({ isActive }) => isActive);
        if (active.length >= MAX_ACTIVE_KEYS) return errorReply(400, "API key limit reached");
        const { key, secret } = account.createKey(id, body.name ?? null, permissionsOf(body.permissions));
        const keyId = account.settings.mintNamesKeyId ? { keyId: key.keyId } : {};
        return json(201, { apiKey: secret, ...keyId });
      }),
    },
    {
      method: "PATCH",
      path: "/partner/wallets/:wallet/api-keys/:key",
      handle: ofKey((key, { body }) => {
        if (!Value.Check(KeyWishSchema, body)) return badRequest(problem(KeyWishSchema, body));
        account.saveKey({ ...key, permissions: { ...key.permissions, ...body.permissions } });
        return json(200, { success: true });
      }),
    },
    {
      method: "DELETE",
      path: "/partner/wallets/:wallet/api-keys/:key",
      handle: ofKey((key) => {
        account.saveKey({ ...key, isActive: false });
        return json(200, { success: true });
      }),
    },
  ];
}

export function problem(schema: TSchema, body: unknown): string {
  const first = Value.Errors(schema, body)[0];
  return `${first?.instancePath.slice(1) || "body"}: ${first?.message ?? "not valid"}`;
}
