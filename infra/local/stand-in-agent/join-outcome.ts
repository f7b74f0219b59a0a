import { PROVISION_REFUSALS, type ProvisionRefusal } from "../../../domain/agent-protocol.ts";

export type JoinOutcome =
  | { outcome: "joined" }
  | { outcome: "pending"; ends?: "joined" | "refused" }
  | { refusal: ProvisionRefusal };

/**
 * A stand-in cannot join anything; what becomes of it is written in the invite. A link that contains the code of
 * a refusal is refused so; one that contains `pending` stays pending, or ends as `pending-joined` and
 * `pending-refused` say; any other is joined.
 */
export function joinOutcome(joinUrl: string): JoinOutcome {
  const refusal = PROVISION_REFUSALS.find((code) => joinUrl.includes(code));
  if (refusal !== undefined) return { refusal };
  if (!joinUrl.includes("pending")) return { outcome: "joined" };
  if (joinUrl.includes("pending-joined")) return { outcome: "pending", ends: "joined" };
  if (joinUrl.includes("pending-refused")) return { outcome: "pending", ends: "refused" };
  return { outcome: "pending" };
}
