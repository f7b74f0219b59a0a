import type { Deployment } from "../../railway/answers.ts";
import { DEPLOYED_AT, REPLACES } from "./launch-patch.ts";

/** What has ended. Whatever else there is, or will be, counts as under way: the platform has its own deadline. */
const ENDED = new Set(["CRASHED", "FAILED", "REMOVED", "REMOVING", "SKIPPED"]);

/** One that sleeps is woken by the next request. SUCCESS only says that the process was started. */
export const isRunning = (deployment: Deployment | null): boolean =>
  deployment !== null && !deployment.deploymentStopped && !ENDED.has(deployment.status);

export interface RunState {
  epoch: number;
  /** `unseen`: committed, and its deployment is not shown yet. */
  state: "running" | "exited" | "unseen";
}

/**
 * Which epoch was deployed last and how it is, undefined before the first. Image and variables change in one step, so
 * the variables tell the epoch; the provider may redeploy them on its own. The deployment that a patch replaces is
 * named in it, so an old deployment is never taken for the new one.
 */
export function runStateOf(
  service: { variables: Readonly<Record<string, string>>; deployment: Deployment | null },
  nowMs: number,
  settleMs: number,
): RunState | undefined {
  const { variables, deployment } = service;
  const epoch = Number(variables.EPOCH);
  if (!Number.isSafeInteger(epoch) || epoch < 1) return undefined;
  if (deployment !== null && deployment.id !== variables[REPLACES])
    return { epoch, state: isRunning(deployment) ? "running" : "exited" };
  const committedAtMs = Date.parse(variables[DEPLOYED_AT] ?? "");
  return { epoch, state: nowMs - committedAtMs < settleMs ? "unseen" : "exited" };
}
