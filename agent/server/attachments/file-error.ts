/** Why a file could not be read: what people are told, and the only thing that is logged of it. */
export const FILE_PROBLEMS = [
  "too-large",
  "too-many",
  "unreachable",
  "not-https",
  "private-address",
  "wrong-digest",
  "wrong-key",
  "unknown-type",
  "audio",
  "not-heard",
  "video",
  "encrypted",
  "damaged",
  "empty",
  "no-text",
  "expands-too-much",
  "took-too-long",
  "busy",
  "internal",
] as const;
export type FileProblem = (typeof FILE_PROBLEMS)[number];

/** Thrown where reading a file ends. `cause` is for the log, which takes its class and code and no more. */
export class FileError extends Error {
  readonly problem: FileProblem;

  constructor(problem: FileProblem, options?: ErrorOptions) {
    super(`a file cannot be read: ${problem}`, options);
    this.name = "FileError";
    this.problem = problem;
  }
}
