export const VOICE_LIMITS = {
  /** Of a voice note that arrives in the chat. */
  noteMaxBytes: 25_000_000,
  noteMaxSeconds: 600,
  /** Of a file that is sent to the provider as it is; anything larger is converted. */
  asIsMaxBytes: 4_000_000,
  /** The same where nothing can be converted; as base64 it still fits into a request. */
  asIsMaxBytesWithoutFfmpeg: 20_000_000,
  /** A part of a long recording: the provider ends a request that takes more than a minute. */
  partSeconds: 299.7,
  /** Parts of one use of the tool, which makes an hour. */
  maxParts: 12,
  /** No further part is begun after this long, so that what has been heard is not lost to the tool's time limit. */
  lastPartAfterMs: 180_000,
  /** Longest transcript in an answer to the model; a longer one goes to a file. */
  transcriptMaxChars: 16_000,

  /** Of a text to be spoken. */
  textMaxChars: 3_000,
  /** The same without ffmpeg: the provider's MP3 is larger. */
  textMaxCharsWithoutFfmpeg: 600,
  /** Of an audio file to be sent. */
  voiceNoteMaxBytes: 1_000_000,
  aacMaxBitsPerSecond: 64_000,
  aacMinBitsPerSecond: 16_000,

  toolTimeoutMs: 280_000,
  probeTimeoutMs: 15_000,
  /** Two hours of a recording take less, also on a slow processor. */
  convertTimeoutMs: 120_000,
  ffmpegMaxRssBytes: 512 * 1_024 * 1_024,
  /** Largest single block of memory that ffmpeg asks for. */
  ffmpegMaxAllocBytes: 128 * 1_024 * 1_024,

  requestTimeoutMs: 90_000,
  /** Longest wait that a provider may ask for before the one retry. */
  maxRetryAfterMs: 5_000,
  jsonMaxBytes: 1_000_000,
  speechMaxBytes: 16_000_000,
} as const;
