/** Every bound that a caller can meet, in one place; the documentation and the schemas are made from these. */
export const LIMITS = {
  instructionsMaxChars: 32_000,
  nameMaxChars: 50,
  joinUrlMaxChars: 4_096,
  profileImageMaxChars: 2_048,
  metadataMaxEntries: 20,
  metadataValueMaxChars: 500,
  idempotencyKeyMaxChars: 128,
  requestBodyMaxBytes: 128 * 1024,
  waitMaxMs: 60_000,
  waitDefaultMs: 25_000,
  queueMaxClaims: 10_000,
  replenishMaxCount: 20,
  drainMaxCount: 20,
  poolMaxTarget: 500,
  poolMaxStartsPerMinute: 60_000,
  poolMaxAgeHours: 8_760,
  /** A conversation's end, as set by its people: how far ahead, and how late its agent may come to report it. */
  expiryMaxAheadDays: 3_653,
  expiryMaxLateHours: 24,
  claimMaxAttempts: 3,
  restartMaxPerHour: 6,
  codecBodyMaxBytes: 4 * 1024 * 1024,
  /** Requests to one gateway with one key; with one instance's secret; open or refused ones from one address. */
  callerRate: { perSecond: 500, burst: 2_000 },
  agentRate: { perSecond: 20, burst: 200 },
  addressRate: { perSecond: 200, burst: 1_000 },
  /** Webhooks of providers. */
  smsWebhookMaxBytes: 64 * 1024,
  mailWebhookMaxBytes: 1024 * 1024,
  railwayWebhookMaxBytes: 64 * 1024,
  /** What may wait to be fetched by one agent; more is dropped. */
  inboundMaxWaiting: 200,
  inboundTextMaxChars: 20_000,
  /** An agent's requests to a provider through the broker. */
  brokerRate: { perSecond: 1, burst: 20 },
  brokerRequestMaxBytes: 64 * 1024,
  brokerAnswerMaxBytes: 1024 * 1024,
} as const;
