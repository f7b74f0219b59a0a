import { type ActivityInterfaceFor, proxyActivities, proxyLocalActivities } from "@temporalio/workflow";
import type { auditActivities } from "../activities/audit-activities.ts";
import type { claimActivities } from "../activities/claim-activities.ts";
import type { explodeActivities } from "../activities/explode-activities.ts";
import type { leakActivities } from "../activities/leak-activities.ts";
import type { lifecycleActivities } from "../activities/lifecycle-activities.ts";
import type { poolActivities } from "../activities/pool-activities.ts";
import type { probeActivities } from "../activities/probe-activities.ts";
import type { providerActivities } from "../activities/provider-activities.ts";
import type { reconcileActivities } from "../activities/reconcile-activities.ts";
import type { spendActivities } from "../activities/spend-activities.ts";
import type { EquipmentItem } from "../domain/equipment.ts";
import { ERRORS } from "../domain/errors.ts";
import { TASK_QUEUES } from "../domain/task-queues.ts";

type PoolActivities = ReturnType<typeof poolActivities>;
type ProbeActivities = ReturnType<typeof probeActivities>;
type LifecycleActivities = ReturnType<typeof lifecycleActivities>;
type ClaimActivities = ReturnType<typeof claimActivities>;
type ExplodeActivities = ReturnType<typeof explodeActivities>;
type ReconcileActivities = ReturnType<typeof reconcileActivities>;
type AuditActivities = ReturnType<typeof auditActivities> & ReturnType<typeof leakActivities>;
type ProviderActivities = ReturnType<typeof providerActivities>;

/** A worker that died is noticed within this; see `workers/heartbeats.ts`. */
const HEARTBEAT = "5s";

/** Codes after which the same call cannot succeed; the ends of things are tried again all the same. */
const FINAL = Object.entries(ERRORS)
  .filter(([, entry]) => !entry.retryable)
  .map(([code]) => code);

/** Retries for ever with growing pauses: for what must happen in the end, whatever is down meanwhile. */
const FOR_EVER = { initialInterval: "1s", maximumInterval: "5m", backoffCoefficient: 2 } as const;
/** Retries for ever, but looks often: for what waits on a part of this platform. */
const OFTEN = {
  initialInterval: "500ms",
  maximumInterval: "10s",
  backoffCoefficient: 2,
  nonRetryableErrorTypes: FINAL,
} as const;

export const pool = proxyActivities<PoolActivities>({
  startToCloseTimeout: "30s",
  heartbeatTimeout: HEARTBEAT,
  retry: OFTEN,
});

/** What would count twice if it were tried twice: the operator is told that it failed instead. */
export const poolOnce = proxyActivities<PoolActivities>({
  startToCloseTimeout: "10s",
  heartbeatTimeout: HEARTBEAT,
  retry: { maximumAttempts: 1 },
});

export const registry = proxyActivities<LifecycleActivities>({
  startToCloseTimeout: "20s",
  heartbeatTimeout: HEARTBEAT,
  retry: OFTEN,
});

/**
 * Starting a process: bounded in tries, so that a launch that cannot work ends the instance, not the pool. Where a
 * provider makes one project in half a minute, the tries of those that start together are also their queue.
 */
export const launch = proxyActivities<LifecycleActivities>({
  startToCloseTimeout: "2m",
  heartbeatTimeout: HEARTBEAT,
  retry: {
    initialInterval: "1s",
    maximumInterval: "15s",
    maximumAttempts: 12,
    nonRetryableErrorTypes: FINAL,
  },
});

export const prove = proxyActivities<LifecycleActivities>({
  startToCloseTimeout: "15s",
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: "500ms", maximumInterval: "5s", backoffCoefficient: 2, maximumAttempts: 10 },
});

/** An idle agent that does not answer is asked again, for as long as a busy machine may take. */
export const probe = proxyActivities<ProbeActivities>({
  startToCloseTimeout: "15s",
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: "15s", maximumInterval: "1m", backoffCoefficient: 2, maximumAttempts: 5 },
});

/** All idle agents, one after the other: as slowly as the schedule allows. */
export const probing = proxyActivities<ProbeActivities>({
  startToCloseTimeout: "9m",
  heartbeatTimeout: HEARTBEAT,
  retry: { maximumAttempts: 1 },
});

/** The hand-over of a claim: short and on the caller's time, so it runs within the workflow's own task. */
export const claims = proxyLocalActivities<ClaimActivities>({
  startToCloseTimeout: "25s",
  retry: { initialInterval: "200ms", maximumInterval: "2s", backoffCoefficient: 2 },
  localRetryThreshold: "10s",
});

/** Making what an agent is not handed over without: tried for long, then the instance is given up. */
const REQUIRED = {
  startToCloseTimeout: "60s",
  heartbeatTimeout: HEARTBEAT,
  scheduleToCloseTimeout: "10m",
  retry: { initialInterval: "1s", maximumInterval: "30s", nonRetryableErrorTypes: FINAL },
} as const;

/** Making what an agent can be handed over without: it is tried again when the instance is looked at next. */
const OPTIONAL = {
  ...REQUIRED,
  scheduleToCloseTimeout: "2m",
  retry: { ...REQUIRED.retry, maximumAttempts: 5 },
} as const;

type EquipmentProvider = EquipmentItem["provider"];
type ByProvider = Readonly<Record<EquipmentProvider, ActivityInterfaceFor<ProviderActivities>>>;

/** Each provider's activities run on its own task queue. */
const onEachQueue = (options: typeof REQUIRED | typeof OPTIONAL): ByProvider => {
  const on = (provider: EquipmentProvider) =>
    proxyActivities<ProviderActivities>({ ...options, taskQueue: TASK_QUEUES[provider] });
  return {
    openrouter: on("openrouter"),
    agentmail: on("agentmail"),
    telnyx: on("telnyx"),
    bankr: on("bankr"),
  };
};
export const required = onEachQueue(REQUIRED);
export const optional = onEachQueue(OPTIONAL);

/** What agents may spend: runs where its provider's calls run. */
export const spending = proxyActivities<ReturnType<typeof spendActivities>>({
  ...REQUIRED,
  taskQueue: TASK_QUEUES.openrouter,
});

/** Long enough for a driver to wait out twice what its provider's reads may lag. */
export const explode = proxyActivities<ExplodeActivities>({
  startToCloseTimeout: "3m",
  heartbeatTimeout: HEARTBEAT,
  retry: FOR_EVER,
});

/** The agent's own end: bounded, because the rest must not depend on the agent's good will. */
export const agentEnd = proxyActivities<ExplodeActivities>({
  startToCloseTimeout: "90s",
  heartbeatTimeout: HEARTBEAT,
  scheduleToCloseTimeout: "3m",
  retry: { initialInterval: "1s", maximumInterval: "10s", backoffCoefficient: 2 },
});

export const revoke = proxyActivities<ExplodeActivities>({
  startToCloseTimeout: "30s",
  heartbeatTimeout: HEARTBEAT,
  scheduleToCloseTimeout: "1m",
  retry: { initialInterval: "1s", maximumInterval: "10s", backoffCoefficient: 2 },
});

export const reconciling = proxyActivities<ReconcileActivities>({
  startToCloseTimeout: "50s",
  heartbeatTimeout: HEARTBEAT,
  retry: { maximumAttempts: 1 },
});

export const auditing = proxyActivities<AuditActivities>({
  startToCloseTimeout: "2m",
  heartbeatTimeout: HEARTBEAT,
  retry: { maximumAttempts: 1 },
});
