/**
 * How a stand-in can be made to fail; for tests only, the real agent knows none of it.
 *  - `never-ready`: listens, but never becomes ready and never reports `idle`.
 *  - `lie-proof`: signs everything with another secret, as a stranger on a reused port would.
 *  - `hang-provision`: does what it is asked to and never answers.
 *  - `refuse-provision`: answers 409 `not-ready` and does nothing.
 *  - `die-on-provision`: exits before it does anything.
 *  - `die-between-wipe-and-report`: exits once its state is gone, before `exploded` is reported.
 */
export const MISBEHAVIOURS = [
  "never-ready",
  "lie-proof",
  "hang-provision",
  "refuse-provision",
  "die-on-provision",
  "die-between-wipe-and-report",
] as const;
export type Misbehaviour = (typeof MISBEHAVIOURS)[number];

/** Throws on a word that is not one of them, so that a misspelt test does not pass by itself. */
export function parseMisbehaviour(text: string | undefined): Misbehaviour | undefined {
  if (text === undefined || text === "") return undefined;
  const found = MISBEHAVIOURS.find((word) => word === text);
  if (found === undefined) throw new RangeError(`MISBEHAVE is none of ${MISBEHAVIOURS.join(", ")}`);
  return found;
}
