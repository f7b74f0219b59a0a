import { macOf } from "../pool/instance-auth.ts";

/**
 * The token of the `/convos` routes, 64 hex: made from the instance secret (64 hex), which it does not give away.
 * Whoever holds it decides who is let into the agent's conversation; it opens nothing of the platform's routes or of the
 * model's gateway.
 */
export const convosToken = (instanceSecret: string): string => macOf(instanceSecret, ["convos-routes/1"]);
