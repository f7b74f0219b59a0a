import type { TopicLog } from "./topic-log.ts";

const READ_ENTRIES = 100;

export interface TopicFilter {
  readonly topic: string;
  /** The last id already known, 0 for the whole history. */
  readonly cursor: number;
}

/**
 * Yields every entry beyond the filters' cursors, then each new one as it is added, until `signal` aborts.
 * It reads on from its cursors only as fast as its reader takes the entries, so a slow reader holds one short page
 * in memory and not a queue. Entries of one topic come in order.
 */
export async function* follow(
  log: TopicLog,
  filters: readonly TopicFilter[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const cursors = new Map(filters.map(({ topic, cursor }) => [topic, cursor]));
  const unread = new Set(cursors.keys());
  let wake = Promise.withResolvers<void>();
  const stops = [...cursors.keys()].map((watched) =>
    log.listen(watched, (topic) => {
      unread.add(topic);
      wake.resolve();
    }),
  );
  const abort = () => wake.resolve();
  signal.addEventListener("abort", abort);
  try {
    while (!signal.aborted) {
      for (const topic of unread) {
        unread.delete(topic);
        const cursor = cursors.get(topic) ?? 0;
        const entries = log.after(topic, cursor, READ_ENTRIES);
        cursors.set(topic, entries.at(-1)?.id ?? cursor);
        if (entries.length === READ_ENTRIES) unread.add(topic);
        for (const entry of entries) {
          yield entry.body;
          if (signal.aborted) return;
        }
      }
      await wake.promise;
      wake = Promise.withResolvers();
    }
  } finally {
    signal.removeEventListener("abort", abort);
    for (const stop of stops) stop();
  }
}
