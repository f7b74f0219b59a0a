import { type Static, Type } from "typebox";

/** What comes for an agent from outside its conversation, as the gateway hands it out and the agent takes it. */

export const INBOUND_PROVIDERS = ["telnyx", "agentmail", "platform"] as const;
export type InboundProvider = (typeof INBOUND_PROVIDERS)[number];

/** Why something that came was not kept. */
export const DROP_REASONS = [
  /** No agent has this number or address. */
  "unknown-recipient",
  /** The agent that has it serves nobody. */
  "unclaimed",
  /** A word like STOP, which the provider answers itself. */
  "keyword",
  /** Too much waits for this agent already. */
  "full",
  /** The agent did not fetch it in time. */
  "expired",
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

const strict = { additionalProperties: false } as const;

/** Words of a person who need not be a member of the conversation. */
export const OutsideMessage = Type.Object(
  {
    /** A phone number, or a mail address with or without a name. */
    from: Type.String(),
    to: Type.String(),
    /** RFC 3339, by the provider's clock. */
    sentAt: Type.String(),
    /** The provider's id of the message, which an answer refers to. */
    reference: Type.String(),
    subject: Type.Optional(Type.String()),
    text: Type.String(),
    /** Links to pictures, or the names of attachments. */
    attachments: Type.Array(Type.String()),
  },
  strict,
);
export type OutsideMessage = Static<typeof OutsideMessage>;

export const INBOUND_ID = "^[A-Za-z0-9_-]{22}$";

/** Answer of `GET /api/instances/:id/inbound/:inboundId`. `credits`: there is money for the model again. */
export const InboundItem = Type.Union([
  Type.Object(
    { kind: Type.Union([Type.Literal("sms"), Type.Literal("mail")]), message: OutsideMessage },
    strict,
  ),
  Type.Object({ kind: Type.Literal("credits") }, strict),
]);
export type InboundItem = Static<typeof InboundItem>;
