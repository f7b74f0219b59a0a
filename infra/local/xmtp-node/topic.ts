/** The topic of a group id or an installation id in a log. */
export const topicOf = (id: Uint8Array): string => Buffer.from(id).toString("hex");
