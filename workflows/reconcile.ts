import type { ReconcileFindings } from "../activities/reconcile-activities.ts";
import { reconciling } from "./activities.ts";

/** Puts back to work whatever nobody is in charge of. Started by its schedule each minute, or by an operator. */
export async function reconcile(): Promise<ReconcileFindings> {
  return reconciling.reconcile();
}
