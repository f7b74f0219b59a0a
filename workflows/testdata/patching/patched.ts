import { patched, proxyActivities } from "@temporalio/workflow";
import type { Steps } from "./steps.ts";

const { checkBudget, makeMailbox } = proxyActivities<Steps>({ startToCloseTimeout: "5s" });

/** First deployment: old runs go on as they began, new ones leave a mark that they took the new way. */
export async function settleIn(): Promise<void> {
  if (patched("budget-first")) await checkBudget();
  await makeMailbox();
}
