import { PlatformError } from "../../errors.ts";
import type { Flow } from "../engine/scheduler.ts";
import { proveAgent, provisionAgent } from "../outside/agent-client.ts";
import { commitDelivery, type Delivery, recordJoinSent } from "../registry/claims.ts";
import type { World } from "../world.ts";

/** Hands a bound claim to its agent and stores the answer; the gateway and the claim's workflow both do it. */
export function* deliverToAgent(
  world: World,
  id: string,
  { target, hasText, joinSent, invite }: Delivery,
): Flow<"live" | "pending" | "over"> {
  if (!target || !hasText)
    throw new PlatformError("internal", { detail: `claim ${id} is bound without a target` });
  if (invite !== undefined && !joinSent) {
    yield* proveAgent(world, target);
    // Without the lock it notes by what it saw a while ago.
    if (!world.rules.joinsUnderLock) yield { ms: world.random.between(0, 60_000) };
    if (!recordJoinSent(world, id, target.instanceId)) return "over";
    yield { ms: world.latencyMs() };
  }
  const outcome = yield* provisionAgent(world, target, id, invite);
  const state = outcome === "pending" ? "pending" : "live";
  return commitDelivery(world, id, target.instanceId, state) ? state : "over";
}
