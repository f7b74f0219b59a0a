import Type, { type Static } from "typebox";

const Milliseconds = Type.Integer({ minimum: 0 });

/** How this account is set up and where the provider's documents leave a choice. Times run on the virtual clock. */
export const SettingsSchema = Type.Object(
  {
    /** Money ever paid in, in USD. */
    creditUsd: Type.Number({ minimum: 0 }),
    /** More numbers than this are refused with 403, code 10039. */
    maxNumbers: Type.Integer({ minimum: 0 }),
    /** Code of "insufficient funds"; the documents name none for orders. */
    insufficientFundsCode: Type.String(),
    /** Nothing is on offer: an empty search. */
    soldOut: Type.Boolean(),
    /** How long a search allows its numbers to be ordered. */
    searchValidMs: Milliseconds,
    /** How long a released number stays on hold for this account. */
    holdMs: Milliseconds,
    /** The status of "not available" (85001): both have been seen. */
    takenStatus: Type.Union([Type.Literal(409), Type.Literal(422)]),
    orderPendingMs: Milliseconds,
    orderOutcome: Type.Union([Type.Literal("success"), Type.Literal("failure"), Type.Literal("stuck")]),
    /** For how long after the purchase the number's messaging settings answer 404. */
    messagingDelayMs: Milliseconds,
    /** For how long lists do not show new numbers and orders. */
    readLagMs: Milliseconds,
    /** Whether a number gets its order's customer reference; not documented. */
    referenceOnNumber: Type.Boolean(),
    /** Every number is locked against deletion. */
    deletionLock: Type.Boolean(),
    /** Whether the numbers are attached to a 10DLC campaign; without one carriers drop what they send. */
    tenDlcRegistered: Type.Boolean(),
    /** Sending is refused with 40318. */
    messageQueueFull: Type.Boolean(),
    /** Cost of one part of an outbound message, in USD. */
    messagePartUsd: Type.Number({ minimum: 0 }),
    sentAfterMs: Milliseconds,
    finalizedAfterMs: Milliseconds,
    /** Real time: how long a webhook's receiver may take. */
    webhookTimeoutMs: Type.Integer({ minimum: 1 }),
    webhookRetryMs: Milliseconds,
  },
  { additionalProperties: false },
);
export type Settings = Static<typeof SettingsSchema>;

export const DEFAULT_SETTINGS: Settings = {
  creditUsd: 1_000,
  maxNumbers: 1_000,
  insufficientFundsCode: "20100",
  soldOut: false,
  searchValidMs: 30 * 60_000,
  holdMs: 30 * 24 * 3_600_000,
  takenStatus: 422,
  orderPendingMs: 2_000,
  orderOutcome: "success",
  messagingDelayMs: 1_500,
  readLagMs: 0,
  referenceOnNumber: true,
  deletionLock: false,
  tenDlcRegistered: true,
  messageQueueFull: false,
  messagePartUsd: 0.004,
  sentAfterMs: 200,
  finalizedAfterMs: 600,
  webhookTimeoutMs: 2_000,
  webhookRetryMs: 1_000,
};
