/** One JSON line per event on standard error. Callers pass ids, names and codes; never a secret, never a person's words. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;
export type Log = (event: string, fields?: LogFields) => void;

export const logToStderr: Log = (event, fields = {}) => {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), event, ...fields })}\n`);
};

/**
 * Libraries write what they like to the console, the SDK even words of strangers. In the place of the text there is
 * only the fact that something was written.
 */
export function muteConsole(log: Log): void {
  for (const level of ["debug", "error", "info", "log", "warn"] as const)
    console[level] = () => log("console", { level });
}

/**
 * What may be said of an error in a log: its class and, where there is one, its code. Messages are left out,
 * because a library may quote a path, a body or a key in them.
 */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = "code" in error && typeof error.code === "string" ? `:${error.code}` : "";
  return `${error.name}${code}`;
}

const STACK_LINES = 6;

/** Where an error came from: the frames of its stack, without the message above them. */
export const errorFrames = (error: unknown): string =>
  error instanceof Error
    ? (error.stack ?? "")
        .split("\n")
        .filter((line) => /^\s+at /.test(line))
        .slice(0, STACK_LINES)
        .map((line) => line.trim())
        .join("; ")
    : "";
