import type { DeliveryStatus, IdentifierKind } from "@xmtp/node-sdk";

/** Values of the SDK's ambient `const enum`s, which cannot be read where each file is compiled alone. */
export const DELIVERY = { unpublished: 0, published: 1, failed: 2 } as const satisfies Record<
  string,
  DeliveryStatus
>;
export const ETHEREUM = 0 satisfies IdentifierKind;
