/** Everything that a page, a person's request or Chromium could make too much of. */
export const BROWSING_LIMITS = {
  stepsPerCall: 20,
  tabs: 5,
  urlMaxChars: 2_000,
  targetMaxChars: 200,
  typedMaxChars: 4_000,
  screenshotsPerCall: 4,
  screenshotMaxHeightPx: 4_000,
  screenshotMaxBytes: 4_000_000,
  downloadMaxBytes: 25 * 1_024 * 1_024,
  /** Text of a page for the model at once, and all of it together. */
  partChars: 12_000,
  pageMaxChars: 120_000,
  framesPerPage: 8,
  /** Dialogs that one page may open before it is closed. */
  dialogsPerPage: 20,

  /** The whole tool; the work ends a little earlier, so that what was done is still told. */
  callTimeoutMs: 130_000,
  workTimeoutMs: 110_000,
  startTimeoutMs: 30_000,
  unpackTimeoutMs: 120_000,
  openTimeoutMs: 25_000,
  stepTimeoutMs: 10_000,
  downloadTimeoutMs: 60_000,
  waitMaxMs: 10_000,
  /** Longest time that a page is given to become quiet after something was done, and what counts as quiet. */
  settleMs: 4_000,
  quietMs: 200,
  closeTimeoutMs: 3_000,

  /** Without use the browser ends, with all that it has kept. */
  idleMs: 120_000,
  /** Memory of all its processes, without what they only map from files. */
  memoryMaxBytes: 1_024 * 1_024 * 1_024,
  memoryCheckMs: 500,
  rendererHeapMb: 256,
  /** Longest message of the browser to us. */
  messageMaxBytes: 32 * 1_024 * 1_024,
} as const;

export const PROXY_LIMITS = {
  connections: 256,
  connectTimeoutMs: 15_000,
  idleTimeoutMs: 120_000,
  /** What one answer, or one tunnel, may carry. */
  connectionMaxBytes: 200 * 1_024 * 1_024,
  /** Refused addresses that are remembered until they are told. */
  refusals: 20,
} as const;

/** Where websites are served; anything else is some other service. */
export const WEB_PORTS: ReadonlySet<number> = new Set([80, 443, 8080, 8443]);
