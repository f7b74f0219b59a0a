import type { ProbeFindings } from "../activities/probe-activities.ts";
import { probing } from "./activities.ts";

/** Asks every idle agent whether it is still what it was. Started by its schedule. */
export async function probes(): Promise<ProbeFindings> {
  return probing.sweepProbes();
}
