import { proxyActivities } from "@temporalio/workflow";
import type { Steps } from "./steps.ts";

const { makeMailbox } = proxyActivities<Steps>({ startToCloseTimeout: "5s" });

/** What runs today. */
export async function settleIn(): Promise<void> {
  await makeMailbox();
}
