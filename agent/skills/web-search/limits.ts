export const WEB_SEARCH_LIMITS = {
  queriesMax: 5,
  queryMaxChars: 400,
  sitesMax: 10,
  /** Asked of the model that searches; longer answers are cut by it. */
  answerMaxTokens: 900,
  answerMaxBytes: 1024 * 1024,
  /** For one query; all run at the same time. */
  queryTimeoutMs: 60_000,
  toolTimeoutMs: 75_000,
  setupTimeoutMs: 8_000,
  setupMaxBytes: 64 * 1024,
  /** Of all answers together; each query has an equal share. */
  resultMaxChars: 20_000,
  sourcesMax: 8,
  titleMaxChars: 120,
  /** A longer address is left out: half of one leads nowhere. */
  urlMaxChars: 400,
} as const;
