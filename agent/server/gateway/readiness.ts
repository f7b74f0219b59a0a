const POLL_MS = 150;
const REQUEST_TIMEOUT_MS = 5_000;

/** Whether the gateway on `port` says it is ready, channels included. */
export async function isReady(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, {
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    // Not listening yet, or too busy to answer: not ready.
    return false;
  }
}

/** Resolves once the gateway is ready; rejects at the deadline or with the reason `signal` aborts with. */
export async function waitUntilReady(port: number, deadlineMs: number, signal: AbortSignal): Promise<void> {
  const endMs = Date.now() + deadlineMs;
  while (!(await isReady(port))) {
    signal.throwIfAborted();
    if (Date.now() > endMs) throw new Error("the gateway did not become ready in time");
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
