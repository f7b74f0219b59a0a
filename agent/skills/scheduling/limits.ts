const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export const SCHEDULE_LIMITS = {
  maxSchedules: 50,
  taskMaxChars: 2_000,
  /** How far ahead the next run may lie: five years. */
  horizonMs: 5 * 366 * DAY_MS,
  /** How far back the first time of a repetition may lie. */
  startMaxAgeMs: 366 * DAY_MS,
  /** Longest time of "in so many minutes": a year. */
  inMinutesMax: 366 * 24 * 60,
  everyMax: 1_000,
  timesMax: 1_000,
  /** Each run is a turn, which costs: of one schedule, which is one each 15 minutes, and of all together. */
  runsPerDayMax: 96,
  allRunsPerDayMax: 200,
  /** What a list shows of each task. */
  listedTaskMaxChars: 200,
  /** How long the origin of what has run is known, in runs. */
  runsRemembered: 5_000,
  /** A run that comes later than this says so. */
  lateAfterMs: 2 * MINUTE_MS,
  /** No timer waits for longer: the clock may be set, and the machine may sleep. */
  longestWaitMs: MINUTE_MS,
  /** How long to wait after a run that could not be stored. */
  retryMs: 5_000,
} as const;
