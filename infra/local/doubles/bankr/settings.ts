import Type, { type Static } from "typebox";

/** How this account is set up and where the provider's documents leave a choice. Changed by PATCH. */
export const SettingsSchema = Type.Object(
  {
    /** What a repeated create answers: documented once as 409, seen as 200 without a key. */
    replayStatus: Type.Union([Type.Literal(200), Type.Literal(409)]),
    /** Whether the list of wallets names the idempotency key of each. */
    listsIdempotencyKey: Type.Boolean(),
    /** Whether a new key's answer names its id besides the key. */
    mintNamesKeyId: Type.Boolean(),
    /** Whether a revoked key is still listed, as inactive. */
    listsRevokedKeys: Type.Boolean(),
    maxWallets: Type.Integer({ minimum: 0 }),
    createsPerMinute: Type.Integer({ minimum: 0 }),
    walletWritesPerMinute: Type.Integer({ minimum: 0 }),
    promptsPerDay: Type.Integer({ minimum: 0 }),
    /** From a prompt to the end of its job. It is pending for the first tenth. */
    jobMs: Type.Integer({ minimum: 0 }),
    /** Default guards of every wallet, in USD. */
    perTransactionUsd: Type.Number({ minimum: 0 }),
    dailyUsd: Type.Number({ minimum: 0 }),
  },
  { additionalProperties: false },
);
export type Settings = Static<typeof SettingsSchema>;

export const DEFAULT_SETTINGS: Settings = {
  replayStatus: 200,
  listsIdempotencyKey: true,
  mintNamesKeyId: false,
  listsRevokedKeys: true,
  maxWallets: 1_000,
  createsPerMinute: 10,
  walletWritesPerMinute: 10,
  promptsPerDay: 100,
  jobMs: 30_000,
  perTransactionUsd: 500,
  dailyUsd: 500,
};
