export const SMS_LIMITS = {
  /** What a message may say; more than `partsMax` of the network's parts is refused, whatever its length. */
  textMaxChars: 1_000,
  partsMax: 5,
  /** Messages in 24 hours, to whomever. The provider's own daily limit of money holds beside it. */
  perDayMax: 100,
  /** The same words to the same number within this time are taken for a repetition. */
  repetitionMs: 10 * 60_000,
  /** A STOP of which only the provider knows is asked about again after this: it also knows of START. */
  providerStopMs: 60 * 60_000,
  senderMaxChars: 60,
  receivedMaxChars: 2_000,
  listDefault: 10,
  listMax: 30,
  /** How many of the newest messages are looked up at the provider when they are listed, and how old they may be. */
  lookUpMax: 5,
  lookUpMaxAgeMs: 24 * 60 * 60_000,
  requestTimeoutMs: 25_000,
  answerMaxBytes: 256 * 1024,
} as const;
