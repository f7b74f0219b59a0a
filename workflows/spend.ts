import type { SpendFindings } from "../activities/spend-activities.ts";
import { spending } from "./activities.ts";

/** Writes down what each agent has spent on models. Started by its schedule. */
export async function spend(): Promise<SpendFindings> {
  return spending.sweepSpend();
}
