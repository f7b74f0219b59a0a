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
  claimMaxAttempts: 3,
  restartMaxPerHour: 6,
} as const;
