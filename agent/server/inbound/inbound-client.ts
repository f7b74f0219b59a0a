import { Value } from "typebox/value";
import { InboundItem } from "../../../domain/inbound.ts";
import { readCapped } from "../capped-body.ts";

const REQUEST_TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 512 * 1024;

/** Fetches what the platform holds for this agent. Both calls reject when they should be repeated. */
export interface InboundClient {
  /** Undefined when there is nothing (any more). Rejects with UnreadableItemError when it is of an unknown kind. */
  fetch(id: string, signal: AbortSignal): Promise<InboundItem | undefined>;
  /** It is in safe hands here; the platform forgets its content. */
  acknowledge(id: string, signal: AbortSignal): Promise<void>;
}

/** What was fetched is nothing that this agent knows. */
export class UnreadableItemError extends Error {
  override readonly name = "UnreadableItemError";
}

export interface InboundClientOptions {
  /** Undefined for a standalone agent, for which nobody holds anything. */
  gatewayUrl: string | undefined;
  instanceId: string;
  instanceSecret: string;
}

/** 404 and 410: the platform knows nothing of it, or not even of this agent. */
const NOTHING = new Set([204, 404, 410]);

export function createInboundClient(options: InboundClientOptions): InboundClient {
  if (options.gatewayUrl === undefined)
    return { fetch: async () => undefined, acknowledge: async () => undefined };
  const base = `${options.gatewayUrl}/api/instances/${encodeURIComponent(options.instanceId)}/inbound/`;
  const ask = (method: "GET" | "DELETE", id: string, signal: AbortSignal): Promise<Response> =>
    fetch(base + encodeURIComponent(id), {
      method,
      headers: { authorization: `Bearer ${options.instanceSecret}` },
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
  return {
    fetch: async (id, signal) => {
      const response = await ask("GET", id, signal);
      if (response.status === 200) return readItem(response);
      await response.body?.cancel();
      if (NOTHING.has(response.status)) return undefined;
      throw new Error(`the platform answered ${response.status}`);
    },
    acknowledge: async (id, signal) => {
      const response = await ask("DELETE", id, signal);
      await response.body?.cancel();
      if (!response.ok && !NOTHING.has(response.status))
        throw new Error(`the platform answered ${response.status}`);
    },
  };
}

async function readItem(response: Response): Promise<InboundItem> {
  const text = await readCapped(response, MAX_ANSWER_BYTES);
  if (text === undefined) throw new UnreadableItemError("it is too large");
  const item = parseJson(text);
  if (!Value.Check(InboundItem, item)) throw new UnreadableItemError("it is of an unknown kind");
  return item;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote what somebody wrote.
    return undefined;
  }
}
