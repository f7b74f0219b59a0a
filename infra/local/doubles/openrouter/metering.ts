import Type, { type Static } from "typebox";

const DAY_MS = 24 * 3_600_000;

const WindowSchema = Type.Object({ startMs: Type.Number(), usd: Type.Number() });

/** Spending of one key: the sum of its life, of the current UTC windows, and what is not yet visible. */
export const MeterSchema = Type.Object({
  lifetimeUsd: Type.Number(),
  daily: WindowSchema,
  weekly: WindowSchema,
  monthly: WindowSchema,
  /** Charges that the reporting lag still hides, oldest first. */
  unposted: Type.Array(Type.Object({ atMs: Type.Number(), usd: Type.Number() })),
});
export type Meter = Static<typeof MeterSchema>;

export type Period = "daily" | "weekly" | "monthly" | "lifetime";

export const EMPTY_METER: Meter = {
  lifetimeUsd: 0,
  daily: { startMs: 0, usd: 0 },
  weekly: { startMs: 0, usd: 0 },
  monthly: { startMs: 0, usd: 0 },
  unposted: [],
};

/** Start of the window that holds the time: 00:00 UTC, weeks from Monday, months from the 1st. */
export function windowStartMs(period: Exclude<Period, "lifetime">, atMs: number): number {
  const at = new Date(atMs);
  const midnight = Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate());
  if (period === "daily") return midnight;
  if (period === "weekly") return midnight - ((at.getUTCDay() + 6) % 7) * DAY_MS;
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1);
}

/** The meter after a charge. It shows only once `post` is called at least the lag later. */
export function charge(meter: Meter, usd: number, atMs: number): Meter {
  return { ...meter, unposted: [...meter.unposted, { atMs, usd }] };
}

/** Makes visible what was charged at least `lagMs` ago. */
export function post(meter: Meter, nowMs: number, lagMs: number): Meter {
  let posted = meter;
  for (const { atMs, usd } of meter.unposted) {
    if (atMs + lagMs > nowMs) break;
    posted = {
      lifetimeUsd: addUsd(posted.lifetimeUsd, usd),
      daily: addToWindow(posted.daily, windowStartMs("daily", atMs), usd),
      weekly: addToWindow(posted.weekly, windowStartMs("weekly", atMs), usd),
      monthly: addToWindow(posted.monthly, windowStartMs("monthly", atMs), usd),
      unposted: posted.unposted.slice(1),
    };
  }
  return posted;
}

/** What has visibly been spent in the current window of that kind, in USD. */
export function usageUsd(meter: Meter, period: Period, nowMs: number): number {
  if (period === "lifetime") return meter.lifetimeUsd;
  const window = meter[period];
  return window.startMs === windowStartMs(period, nowMs) ? window.usd : 0;
}

/** What is left of a limit in the current window, in USD, never below zero. */
export function remainingUsd(meter: Meter, limitUsd: number, period: Period, nowMs: number): number {
  return Math.max(0, addUsd(limitUsd, -usageUsd(meter, period, nowMs)));
}

/** Sums are kept to a trillionth of a dollar, so that adding small costs does not show binary dust. */
export const addUsd = (a: number, b: number): number => Math.round((a + b) * 1e12) / 1e12;

function addToWindow(window: Meter["daily"], startMs: number, usd: number): Meter["daily"] {
  if (startMs < window.startMs) return window;
  return { startMs, usd: startMs === window.startMs ? addUsd(window.usd, usd) : usd };
}
