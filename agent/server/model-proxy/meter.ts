export interface MeterReading {
  /** Requests that left the agent. */
  requests: number;
  /** Requests answered here: probes, an open breaker, a full house, after the cut. */
  answeredLocally: number;
  /** What the provider said the requests cost, in US dollars. An estimate of the key's usage, never a bill. */
  costUsd: number;
  promptTokens: number;
  completionTokens: number;
}

export interface Meter {
  read(): MeterReading;
  countRequest(): void;
  countLocal(): void;
  addUsage(usage: Usage): void;
}

export interface Usage {
  costUsd: number;
  promptTokens: number;
  completionTokens: number;
}

export function createMeter(): Meter {
  const reading: MeterReading = {
    requests: 0,
    answeredLocally: 0,
    costUsd: 0,
    promptTokens: 0,
    completionTokens: 0,
  };
  return {
    read: () => ({ ...reading }),
    countRequest() {
      reading.requests += 1;
    },
    countLocal() {
      reading.answeredLocally += 1;
    },
    addUsage(usage) {
      reading.costUsd += usage.costUsd;
      reading.promptTokens += usage.promptTokens;
      reading.completionTokens += usage.completionTokens;
    },
  };
}
