/** What a caller was told, as its own records would have it: nothing here is read off the platform afterwards. */
export interface Answer {
  claimId: string;
  instanceId: string;
  status: "live" | "pending";
}

/** What the caller did itself to end what it had. `kept`: nothing. */
export type Ending = "kept" | "exploded" | "cancelled";

/** All that one key was told. */
export interface KeyRecord {
  readonly key: string;
  /** In the order in which they came; the repetitions too. */
  readonly answers: Answer[];
  /** Of claims that were taken in, answered yet or not. */
  readonly accepted: Set<string>;
  /** The code that the claim ended with, for the caller to see. */
  refusedFor: string | undefined;
  ending: Ending;
  /** The caller gave up before it knew what became of its claim. */
  unanswered: boolean;
}

/** The callers' memory of a run. */
export class Memory {
  readonly keys: KeyRecord[] = [];
  /** Refusals that a caller met on the way, by code; `no-answer` where the connection broke off. */
  readonly refusals = new Map<string, number>();
  readonly #servedAtMs: number[] = [];

  open(key: string): KeyRecord {
    const record: KeyRecord = {
      key,
      answers: [],
      accepted: new Set(),
      refusedFor: undefined,
      ending: "kept",
      unanswered: false,
    };
    this.keys.push(record);
    return record;
  }

  refused(code: string): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
  }

  answered(record: KeyRecord, answer: Answer): void {
    record.answers.push(answer);
    record.accepted.add(answer.claimId);
    this.#servedAtMs.push(performance.now());
  }

  get servedKeys(): number {
    return this.keys.filter(({ answers }) => answers.at(-1)?.status === "live").length;
  }

  /** The longest time in which nobody got an agent, in milliseconds. */
  get longestGapMs(): number {
    let longest = 0;
    for (const [index, at] of this.#servedAtMs.entries())
      longest = Math.max(longest, at - (this.#servedAtMs[index - 1] ?? at));
    return Math.round(longest);
  }
}
