/** Node's timers overflow at about 24.8 days; a long wait is made of shorter ones. */
const LONGEST_WAIT_MS = 60 * 60_000;

export interface ExpiryTimer {
  /** Arms the timer for this instant; replaces what was armed. */
  arm(expiresAtMs: number): void;
  stop(): void;
}

export function createExpiryTimer(onExpired: () => void): ExpiryTimer {
  let timer: NodeJS.Timeout | undefined;
  const arm = (expiresAtMs: number): void => {
    clearTimeout(timer);
    const leftMs = expiresAtMs - Date.now();
    if (leftMs <= 0) onExpired();
    else timer = setTimeout(() => arm(expiresAtMs), Math.min(leftMs, LONGEST_WAIT_MS));
  };
  return { arm, stop: () => clearTimeout(timer) };
}
