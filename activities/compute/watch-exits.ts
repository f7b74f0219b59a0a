import type { InstanceId } from "../../domain/ids.ts";

export interface ExitedInstance {
  instanceId: InstanceId;
  epoch: number;
}

/** A driver that can tell cheaply which of the instances it holds have no process any more. */
export interface ExitSource {
  exited(): Promise<readonly ExitedInstance[]>;
}

export interface WatchOptions {
  intervalMs: number;
  /** Called once for each instance and epoch; called again after `intervalMs` when it throws. */
  onExit(instanceId: InstanceId, epoch: number): Promise<void> | void;
}

/**
 * Notices ends by looking, so it works as well for processes that another worker started. It is a hint for speed:
 * whoever is called observes the instance itself. Returns what stops it, which resolves when the last look is over.
 */
export function watchExits(source: ExitSource, { intervalMs, onExit }: WatchOptions): () => Promise<void> {
  let told = new Set<string>();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    const exited = await source.exited();
    const toldNow = new Set<string>();
    for (const { instanceId, epoch } of exited) {
      const key = `${instanceId}/${epoch}`;
      if (!stopped && !told.has(key)) await onExit(instanceId, epoch);
      toldNow.add(key);
      told.add(key);
    }
    // What is running again or destroyed is forgotten.
    told = toldNow;
  };
  const again = async (): Promise<void> => {
    try {
      await look();
    } catch (error) {
      const name = error instanceof Error ? error.name : "unknown";
      process.stderr.write(`${JSON.stringify({ event: "watch-exits-failed", error: name })}\n`);
    }
    if (!stopped) timer = setTimeout(() => (pass = again()), intervalMs);
  };
  let pass = again();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await pass;
  };
}
