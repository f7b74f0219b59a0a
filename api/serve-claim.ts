import { deliverToAgent } from "../activities/deliver-to-agent.ts";
import { loadDelivery } from "../activities/registry/claims.ts";
import type { Intake } from "../activities/registry/intake.ts";
import { takeNudge } from "../activities/registry/pools.ts";
import type { Gateway } from "./gateway.ts";
import { describeError } from "./log.ts";
import { within } from "./within.ts";

/** An agent that is well answers in a fraction of it. Afterwards the workflow tries too: both at once is safe. */
const HEAD_START_MS = 1_000;
/** A caller that reads its answer slowly does not hold up what comes after it. */
const SENDING_LIMIT_MS = 5_000;

/**
 * Sets off everything that a new claim needs, and resolves when its agent has answered or its workflow is being
 * started. `isJoin`: it joins by an invite. `closed` is aborted when the caller has its answer or is gone.
 */
export async function serveClaim(
  gateway: Gateway,
  intake: Intake,
  isJoin: boolean,
  closed: AbortSignal,
): Promise<void> {
  const { background, records, registry, workflows } = gateway;
  const { pool } = gateway.config;
  const { claimId, instanceId } = intake;
  const firstTry = deliverAtOnce(gateway, intake, isJoin);
  const headStart = within(firstTry, HEAD_START_MS);
  // A served claim's workflow only records it, and its instance's successor can wait, until the caller has the answer.
  const idle = headStart.then((isServed) =>
    isServed ? within(abortOf(closed), SENDING_LIMIT_MS) : undefined,
  );
  background.run("claim-at-once", { claim: claimId }, () => firstTry);
  background.run("claim-start", { claim: claimId }, async () => {
    await idle;
    const start = () => workflows.startClaim(claimId);
    if (await headStart) records.add("claim-record", { claim: claimId }, start);
    else await start();
  });
  background.run("pool-wake", { pool }, async () => {
    await idle;
    if (await takeNudge(registry, pool)) await workflows.wakePool(pool);
  });
  if (instanceId) {
    // Nothing depends on it, but without it its workflow would show it as idle until its next look.
    background.run("instance-wake", { instance: instanceId }, async () => {
      await idle;
      records.add("instance-wake", { instance: instanceId }, () => workflows.wakeInstance(instanceId));
    });
  }
  await headStart;
}

/**
 * Serves a claim that has an agent without a hop over Temporal. Whatever does not work at the first try is left to the
 * claim's workflow. A join waits for people, so it is left to it from the start.
 */
async function deliverAtOnce(
  { registry, agents, log }: Gateway,
  { claimId, instanceId }: Intake,
  isJoin: boolean,
): Promise<boolean> {
  if (instanceId === undefined || isJoin) return false;
  try {
    const delivery = await loadDelivery(registry, claimId);
    return (
      delivery?.state === "bound" &&
      (await deliverToAgent({ registry, agents }, claimId, delivery)) === "live"
    );
  } catch (error) {
    log("claim-not-at-once", { claim: claimId, ...describeError(error) });
    return false;
  }
}

const abortOf = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
