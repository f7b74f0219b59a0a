import { proxyActivities } from "@temporalio/workflow";
import type { Steps } from "./steps.ts";

const { checkBudget, makeMailbox } = proxyActivities<Steps>({ startToCloseTimeout: "5s" });

/** The mistake: what began before the deployment has no `checkBudget` in its history. */
export async function settleIn(): Promise<void> {
  await checkBudget();
  await makeMailbox();
}
