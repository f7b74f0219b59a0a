import { Type } from "typebox";
import { Value } from "typebox/value";

const TIMEOUT_MS = 10_000;

const Answer = Type.Object({
  data: Type.Object({ limit_remaining: Type.Union([Type.Number(), Type.Null()]) }),
});

/** `remainingUsd` is null for a key without a limit. `refused`: the provider knows no such key. */
export type Credit =
  | { kind: "known"; remainingUsd: number | null }
  | { kind: "refused" }
  | { kind: "unknown" };

/** What OpenRouter says of a key to its holder, which costs nothing. Source: OpenRouter, `GET /key`. */
export async function readCredit(
  { baseUrl, key }: { baseUrl: string; key: string },
  signal: AbortSignal,
): Promise<Credit> {
  try {
    const response = await fetch(`${baseUrl.replace(/\/+$/, "")}/key`, {
      headers: { authorization: `Bearer ${key}` },
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const answer: unknown = JSON.parse(await response.text());
    if (response.status === 401) return { kind: "refused" };
    return Value.Check(Answer, answer)
      ? { kind: "known", remainingUsd: answer.data.limit_remaining }
      : { kind: "unknown" };
  } catch {
    signal.throwIfAborted();
    // Not reachable, or an answer that is none: neither says anything of the key.
    return { kind: "unknown" };
  }
}
