import { deprecatePatch, proxyActivities } from "@temporalio/workflow";
import type { Steps } from "./steps.ts";

const { checkBudget, makeMailbox } = proxyActivities<Steps>({ startToCloseTimeout: "5s" });

/** Second deployment, once no run from before the patch is left: only marked histories need to replay. */
export async function settleIn(): Promise<void> {
  deprecatePatch("budget-first");
  await checkBudget();
  await makeMailbox();
}
