import Type, { type Static } from "typebox";

const NullableString = Type.Union([Type.String(), Type.Null()]);

export const WalletSchema = Type.Object({
  id: Type.String(),
  /** In mixed case, as a new wallet's answer shows it. */
  evmAddress: Type.String(),
  idempotencyKey: NullableString,
  createdAt: Type.String(),
  /** Millionths of a token by `chain:SYMBOL`. */
  balances: Type.Record(Type.String(), Type.Integer({ minimum: 0 })),
});
export type Wallet = Static<typeof WalletSchema>;

export const PermissionsSchema = Type.Object({
  walletApiEnabled: Type.Boolean(),
  agentApiEnabled: Type.Boolean(),
  llmGatewayEnabled: Type.Boolean(),
  tokenLaunchApiEnabled: Type.Boolean(),
  readOnly: Type.Boolean(),
});
export type Permissions = Static<typeof PermissionsSchema>;
/** What a key may do when its maker does not say: read. */
export const DEFAULT_PERMISSIONS: Permissions = {
  walletApiEnabled: true,
  agentApiEnabled: false,
  llmGatewayEnabled: false,
  tokenLaunchApiEnabled: false,
  readOnly: true,
};

/** A wallet's API key. The secret is never kept, only its SHA-256. */
export const KeySchema = Type.Object({
  keyId: Type.String(),
  walletId: Type.String(),
  name: NullableString,
  hash: Type.String(),
  isActive: Type.Boolean(),
  permissions: PermissionsSchema,
  createdAt: Type.String(),
});
export type Key = Static<typeof KeySchema>;

/** Something that was broadcast: it moved money unless it was reverted. */
export const TransactionSchema = Type.Object({
  hash: Type.String(),
  walletId: Type.String(),
  kind: Type.Union([Type.Literal("transfer"), Type.Literal("swap"), Type.Literal("submit")]),
  chain: Type.String(),
  token: Type.String(),
  amount: Type.String(),
  to: Type.String(),
  usdMicros: Type.Integer(),
  status: Type.Union([Type.Literal("success"), Type.Literal("reverted"), Type.Literal("pending")]),
  at: Type.String(),
});
export type Transaction = Static<typeof TransactionSchema>;

/** The answer to a swap, kept under the wallet and idempotency key. */
export const SwapSchema = Type.Object({
  status: Type.Integer(),
  body: Type.Unknown(),
  atMs: Type.Number(),
});

export const JobSchema = Type.Object({
  jobId: Type.String(),
  threadId: Type.String(),
  walletId: Type.String(),
  prompt: Type.String(),
  mayWrite: Type.Boolean(),
  /** What it comes to when nobody cancels it. */
  fate: Type.Union([Type.Literal("ends"), Type.Literal("fails"), Type.Literal("never-ends")]),
  createdMs: Type.Number(),
  end: Type.Union([
    Type.Null(),
    Type.Object({
      status: Type.Union([Type.Literal("completed"), Type.Literal("failed"), Type.Literal("cancelled")]),
      atMs: Type.Number(),
      text: Type.String(),
    }),
  ]),
});
export type Job = Static<typeof JobSchema>;
