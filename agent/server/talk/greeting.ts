/** Sent by the server itself, so that it is there at once: no model, no list of abilities, no name of a framework. */
export const greeting = (agentName: string): string => `Hi, I'm ${agentName}. What can I help you with?`;
