/**
 * What becomes of a file: left as it is, put there from the template, taken away because the template dropped it, or
 * left to the agent although the template has moved on.
 */
export type Action = "keep" | "write" | "remove" | "conflict-kept";

/** One file of the workspace. A content is named by its hash; `undefined` means that there is no such file. */
export interface Versions {
  /** What we may have put there last: nothing, one content, or several when a run did not reach its end. */
  base: readonly string[];
  /** What is there now. */
  own: string | undefined;
  /** What the template wants there. */
  next: string | undefined;
}

/**
 * | own          | next            | action        |
 * |--------------|-----------------|---------------|
 * | same as next |                 | keep          |
 * | absent       | any             | write         |
 * | in base      | other content   | write         |
 * | in base      | absent          | remove        |
 * | changed      | in base         | keep          |
 * | changed      | other or absent | conflict-kept |
 *
 * A file that the agent deleted comes back: nothing of its work is lost by that, and openclaw would tell the model in
 * each turn that the file is missing.
 */
export function decide({ base, own, next }: Versions): Action {
  if (own === next) return "keep";
  if (own === undefined) return "write";
  if (base.includes(own)) return next === undefined ? "remove" : "write";
  return next !== undefined && base.includes(next) ? "keep" : "conflict-kept";
}
