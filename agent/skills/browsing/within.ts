import { ToolError } from "../kit/tool-error.ts";

/** Something did not end in time; for the model like any other refusal. */
export class OverdueError extends ToolError {}

/** What `work` resolves with. Throws OverdueError when that takes too long, and the signal's reason when it aborts. */
export async function within<T>(
  timeoutMs: number,
  overdue: string,
  work: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new OverdueError(overdue)), timeoutMs);
  const onAbort = (): void => reject(signal?.reason);
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
