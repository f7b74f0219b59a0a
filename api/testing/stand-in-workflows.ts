import { ApplicationFailure } from "@temporalio/common";
import { condition, proxyActivities, setHandler } from "@temporalio/workflow";
import type { Violation } from "../../domain/audit.ts";
import { PlatformError } from "../../domain/errors.ts";
import { type InstanceId, parseInstanceId } from "../../domain/ids.ts";
import {
  drain,
  pause,
  replenish,
  resume,
  rollout,
  setMaxAge,
  setRate,
  setTarget,
  wake,
} from "../../workflows/messages.ts";

/** Workflows that answer what the gateway asks and do nothing else. */

export async function pool(): Promise<void> {
  const accept = (): void => undefined;
  setHandler(wake, accept);
  setHandler(setTarget, accept);
  setHandler(pause, accept);
  setHandler(resume, accept);
  setHandler(setRate, accept);
  setHandler(setMaxAge, accept);
  setHandler(rollout, (generation, strategy) => {
    if (generation !== "g2" || strategy !== "Recreate")
      throw ApplicationFailure.nonRetryable(new PlatformError("conflict").message, "conflict");
  });
  setHandler(replenish, (count) => {
    if (count === 20)
      throw ApplicationFailure.nonRetryable(new PlatformError("conflict").message, "conflict");
  });
  setHandler(drain, (count) => {
    const id = parseInstanceId("aaaaaaaaaaa0");
    return Array.from<InstanceId | undefined>({ length: count })
      .fill(id)
      .filter((found) => found !== undefined);
  });
  await condition(() => false);
}

/** Answers what the test's own activity finds. */
export async function audit(): Promise<Violation[]> {
  return proxyActivities<{ audit(): Promise<Violation[]> }>({ startToCloseTimeout: "10s" }).audit();
}

export async function reconcile(): Promise<{ claims: number }> {
  return { claims: 2 };
}
