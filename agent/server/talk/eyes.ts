/** What the agent shows on a message that it has read and will not answer. */
export const EYES = "👀";

const PREFIX = "eyes:";

/** The outbox entry of the eyes on a message: a message gets them once. */
export const eyesEntry = (messageId: string): string => PREFIX + messageId;

/** The message that an outbox entry is the eyes of; undefined for an entry that is said. */
export const eyesOn = (entryId: string): string | undefined =>
  entryId.startsWith(PREFIX) ? entryId.slice(PREFIX.length) : undefined;
