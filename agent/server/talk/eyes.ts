import type { Saying } from "../state/saying.ts";

/** What the agent shows on a message that it has read and will not answer. */
export const EYES = "👀";

/** The outbox entry of the eyes on a message: a message gets them once. */
export const eyesEntry = (messageId: string): string => `eyes:${messageId}`;

export const eyesOn = (messageId: string, inboxId: string): Saying => ({
  kind: "reaction",
  emoji: EYES,
  to: { messageId, inboxId },
});
