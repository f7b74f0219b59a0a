import type { ErrorCode } from "../../errors.ts";
import { PlatformError } from "../../errors.ts";
import { LIMITS } from "../../limits.ts";
import type { OpenOutcome } from "../../steps/claim-step.ts";
import { activity } from "../engine/activity.ts";
import type { Flow, Task } from "../engine/scheduler.ts";
import { bindOldestIdle } from "../registry/bind.ts";
import { type Delivery, endClaim, loadDelivery, replaceInstance } from "../registry/claims.ts";
import type { World } from "../world.ts";
import { deliverToAgent } from "./deliver-to-agent.ts";
import { DELIVER } from "./retries.ts";
import { startExplode } from "./starts.ts";

type Step = { outcome: "settled" } | { outcome: OpenOutcome };

/** Serves one claim; shaped like `workflows/claim.ts`. */
export function* claimWorkflow(world: World, self: Task, id: string): Flow<void> {
  const sinceMs = world.nowMs;
  let unserved: { sinceMs: number; looks: number } | undefined;
  while (true) {
    const seen = self.wakes;
    const step = yield* activity(world, self, DELIVER, () => deliverClaim(world, id));
    if (step.outcome === "settled") return;
    const now = world.nowMs;
    if (step.outcome === "waiting" || step.outcome === "pending") unserved = undefined;
    else unserved = { sinceMs: unserved?.sinceMs ?? now, looks: unserved ? unserved.looks + 1 : 0 };
    const action = world.rules.nextClaimAction({
      outcome: step.outcome,
      ageMs: now - sinceMs,
      unservedMs: now - (unserved?.sinceMs ?? now),
      unservedLooks: unserved?.looks ?? 0,
    });
    if (action.do === "fail") yield* activity(world, self, DELIVER, () => fail(world, id, action.code));
    else if (action.afterMs > 0) yield { ms: action.afterMs, until: () => self.wakes > seen };
  }
}

/** One try to serve the claim, as far as it goes now; shaped like `activities/claim-activities.ts`. */
function* deliverClaim(world: World, id: string): Flow<Step> {
  let delivery = loadDelivery(world, id);
  yield { ms: world.latencyMs() };
  if (delivery?.state === "waiting") {
    const claim = world.tables.claims.get(id);
    if (!claim || !(yield* bindOldestIdle(world, claim))) return { outcome: "waiting" };
    yield { ms: world.latencyMs() };
    delivery = loadDelivery(world, id);
  }
  if (delivery?.state !== "bound" && delivery?.state !== "pending") return { outcome: "settled" };
  return yield* deliver(world, id, delivery);
}

function* deliver(world: World, id: string, delivery: Delivery): Flow<Step> {
  try {
    const outcome = yield* deliverToAgent(world, id, delivery);
    if (outcome === "over") return afterwards(world, id);
    return outcome === "pending" ? { outcome } : { outcome: "settled" };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    if (error.code === "conversation-full") return yield* fail(world, id, error.code);
    if (!delivery.target) throw error;
    return yield* unserved(world, id, delivery.target.instanceId);
  }
}

/** An agent that is dead, wrong or lying is replaced, unless a join request may have left it. */
function* unserved(world: World, id: string, instanceId: string): Flow<Step> {
  world.wakeWorkflow(`instance/${instanceId}`);
  yield { ms: world.latencyMs() };
  const delivery = loadDelivery(world, id);
  if (delivery?.state !== "bound" && delivery?.state !== "pending") return afterwards(world, id);
  yield { ms: world.latencyMs() };
  if (delivery.joinSent && world.rules.keepsInstanceOnceJoining) return { outcome: "recovering" };
  if (delivery.attempt >= LIMITS.claimMaxAttempts) return yield* fail(world, id, "claim-failed");
  const next = yield* replaceInstance(world, id, instanceId);
  return { outcome: next ? "replaced" : "waiting" };
}

function afterwards(world: World, id: string): Step {
  const state = world.tables.claims.get(id)?.state;
  return state === "waiting" || state === "bound" || state === "pending"
    ? { outcome: "replaced" }
    : { outcome: "settled" };
}

function* fail(world: World, id: string, code: ErrorCode): Flow<Step> {
  const { ended, instanceId, reason } = endClaim(world, id, { state: "failed", code });
  yield { ms: world.latencyMs() };
  if (instanceId !== undefined) startExplode(world, instanceId, reason);
  return ended ? { outcome: "settled" } : afterwards(world, id);
}
