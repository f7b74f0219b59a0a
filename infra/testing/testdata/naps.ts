import { continueAsNew, proxyActivities, sleep } from "@temporalio/workflow";

const { fails } = proxyActivities<{ fails(): Promise<void> }>({
  startToCloseTimeout: "5s",
  retry: { initialInterval: "1m", backoffCoefficient: 2, maximumInterval: "1h", maximumAttempts: 4 },
});

/** Sleeps for so many hours, one at a time, in two runs; answers the time of each waking of both. */
export async function naps(hours: number, before: number[] = []): Promise<number[]> {
  const woken: number[] = [];
  for (let hour = 0; hour < hours; hour += 1) {
    await sleep("1h");
    woken.push(Date.now());
  }
  if (before.length === 0) await continueAsNew<typeof naps>(hours, woken);
  return [...before, ...woken];
}

/** Answers how long the activity was tried. */
export async function tries(): Promise<number> {
  const since = Date.now();
  // What is measured is how long it takes to fail.
  await fails().catch(() => undefined);
  return Date.now() - since;
}
