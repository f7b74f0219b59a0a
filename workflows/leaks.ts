import type { LeakFinding } from "../activities/leak-activities.ts";
import { auditing } from "./activities.ts";

/** Looks for what the providers have and the ledger does not account for. Started by its schedule. */
export async function leaks(): Promise<LeakFinding[]> {
  return auditing.sweepLeaks();
}
