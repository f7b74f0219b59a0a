/** One line of JSON on standard error for each event. Events hold ids and codes, never secrets or people's words. */
export function log(event: object): void {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
}
