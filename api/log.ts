/** Values of a log line: ids, codes, names of routes, numbers. Never a secret or a person's words. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
export type Log = (event: string, fields?: LogFields) => void;

/** One line of JSON for each event, on standard error. */
export const logToStderr: Log = (event, fields) => {
  process.stderr.write(
    `${JSON.stringify({ at: new Date().toISOString(), part: "gateway", event, ...fields })}\n`,
  );
};

const MAX_REASON_CHARS = 300;

/**
 * What may be logged of an unexpected error: its class, code and message. Postgres puts the offending values into
 * `detail` and `where`, and a cause may hold a request, so those are left out.
 */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = "code" in error ? String(error.code) : undefined;
  return { error: error.name, code, reason: error.message.slice(0, MAX_REASON_CHARS) };
}
