import type { DeliveryStatus, IdentifierKind, ReactionAction, ReactionSchema } from "@xmtp/node-sdk";

/** Values of the SDK's ambient `const enum`s, which cannot be read where each file is compiled alone. */
export const DELIVERY = { unpublished: 0, published: 1, failed: 2 } as const satisfies Record<
  string,
  DeliveryStatus
>;
export const ETHEREUM = 0 satisfies IdentifierKind;
/** An emoji that is added, not taken back. */
export const REACTION = { action: 1, schema: 1 } as const satisfies {
  action: ReactionAction;
  schema: ReactionSchema;
};
