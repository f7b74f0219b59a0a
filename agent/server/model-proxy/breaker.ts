/**
 * Stops model requests after the first refusal for money, until there is money again (`reset`).
 * What was already in flight may still end; nothing new leaves the agent.
 */
export interface MoneyBreaker {
  readonly open: boolean;
  /** Opens the breaker. Returns true when it was closed. */
  trip(): boolean;
  reset(): void;
}

export function createMoneyBreaker(onTrip: () => void = () => undefined): MoneyBreaker {
  let open = false;
  return {
    get open() {
      return open;
    },
    trip() {
      if (open) return false;
      open = true;
      onTrip();
      return true;
    },
    reset() {
      open = false;
    },
  };
}

/** What OpenRouter says in a 403 when a key or workspace has no money left; other 403s are about permission. */
const MONEY_WORDS = /limit exceeded|budget|insufficient|credits/i;

/**
 * Whether a provider's refusal is about money. A 402 always is; a 403 only by its message.
 * `body` is the beginning of the answer's body or the message of an error event.
 */
export const isRefusalForMoney = (status: number, body: string): boolean =>
  status === 402 || (status === 403 && MONEY_WORDS.test(body));
