import { condition } from "@temporalio/workflow";

/**
 * Resolves when the time is reached, in ms since 1970: one durable timer, started when the time becomes known and anew
 * when it changes.
 */
export async function until(atMs: () => number | undefined, summary: string): Promise<void> {
  await condition(() => atMs() !== undefined);
  for (let waited = atMs(); waited !== undefined; waited = atMs()) {
    const present = waited;
    const hasChanged = await condition(() => atMs() !== present, Math.max(1, present - Date.now()), {
      summary,
    });
    if (!hasChanged) return;
  }
}
