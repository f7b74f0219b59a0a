import type { MoneyBreaker } from "./breaker.ts";
import type { ModelUpstream } from "./forward.ts";

export const CREDIT_CHECK = {
  intervalMs: 10 * 60_000,
  timeoutMs: 10_000,
  answerMaxBytes: 64 * 1024,
} as const;

export interface CreditCheck {
  /** Asks every `intervalMs` whether the key has money again, and closes the breaker when it has. */
  begin(): void;
  end(): void;
}

/** Looks at the key itself, which is no model call: it costs nothing, and one question is on its way at most. */
export function createCreditCheck(upstream: ModelUpstream, breaker: () => MoneyBreaker): CreditCheck {
  let timer: NodeJS.Timeout | undefined;
  let isAsking = false;

  const end = (): void => clearInterval(timer);
  async function ask(): Promise<void> {
    if (!breaker().open) return end();
    if (isAsking) return;
    isAsking = true;
    try {
      if (!(await hasMoney(upstream))) return;
      breaker().reset();
      end();
    } finally {
      isAsking = false;
    }
  }
  return {
    begin() {
      end();
      timer = setInterval(() => void ask(), CREDIT_CHECK.intervalMs).unref();
    },
    end,
  };
}

/** What `GET /key` says of the key: a limit that is not used up, or none. False when it cannot be told. */
async function hasMoney({ baseUrl, key }: ModelUpstream): Promise<boolean> {
  try {
    const answer = await fetch(`${baseUrl.replace(/\/+$/, "")}/key`, {
      headers: { authorization: `Bearer ${key}` },
      redirect: "error",
      signal: AbortSignal.timeout(CREDIT_CHECK.timeoutMs),
    });
    if (!answer.ok) {
      await answer.body?.cancel();
      return false;
    }
    const document: unknown = JSON.parse(await beginningOf(answer));
    const remaining: unknown = Object(Object(document).data).limit_remaining;
    return remaining === null || (typeof remaining === "number" && remaining > 0);
  } catch {
    // Not reachable, or an answer that is none: the next question decides.
    return false;
  }
}

async function beginningOf(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > CREDIT_CHECK.answerMaxBytes) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}
