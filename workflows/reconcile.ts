import type { LeakFinding } from "../activities/leak-activities.ts";
import type { ReconcileFindings } from "../activities/reconcile-activities.ts";
import { auditing, reconciling } from "./activities.ts";
import type { ReconcileStart } from "./messages.ts";

/** Puts back to work whatever nobody is in charge of. Started by its schedule each minute, or by an operator. */
export async function reconcile(
  start?: ReconcileStart,
): Promise<ReconcileFindings & { leaks?: LeakFinding[] }> {
  const findings = await reconciling.reconcile();
  return start?.leaks ? { ...findings, leaks: await auditing.sweepLeaks() } : findings;
}
