import type { Turn, TurnMessage, TurnResult } from "../../../../server/loopback/channel-api.ts";

/** Longer than the server holds a poll. */
const POLL_TIMEOUT_MS = 40_000;
const POST_TIMEOUT_MS = 15_000;

export class ChannelError extends Error {
  /** HTTP status, or 0 when the server could not be reached. */
  readonly status: number;

  constructor(status: number) {
    super(status === 0 ? "the agent's server cannot be reached" : `the agent's server answered ${status}`);
    this.status = status;
  }
}

export interface ChannelClient {
  /** Waits for the next turn; undefined when none came. Throws ChannelError. */
  next(signal: AbortSignal): Promise<Turn | undefined>;
  /** Throws ChannelError; safe to repeat. */
  complete(turnId: string, result: TurnResult): Promise<void>;
  /** Throws ChannelError; safe to repeat. */
  send(turnId: string, message: TurnMessage): Promise<void>;
}

export function createChannelClient(account: { url: string; token: string }): ChannelClient {
  async function call(path: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${account.url}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${account.token}`, "content-type": "application/json" },
      });
    } catch {
      // A refused or lost connection; the cause says no more than that.
      throw new ChannelError(0);
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new ChannelError(response.status);
    }
    return response;
  }

  const post = async (turnId: string, verb: string, body: TurnResult | TurnMessage): Promise<void> => {
    const path = `/turns/${encodeURIComponent(turnId)}/${verb}`;
    const signal = AbortSignal.timeout(POST_TIMEOUT_MS);
    const response = await call(path, { method: "POST", body: JSON.stringify(body), signal });
    await response.body?.cancel();
  };

  return {
    async next(signal) {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(POLL_TIMEOUT_MS)]);
      const response = await call("/turns/next", { method: "GET", signal: deadline });
      if (response.status === 204) return undefined;
      // Our own server, on loopback and behind the token, sends exactly this shape.
      return (await response.json()) as Turn;
    },
    complete: (turnId, result) => post(turnId, "complete", result),
    send: (turnId, message) => post(turnId, "messages", message),
  };
}
