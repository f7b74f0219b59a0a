/** A conversation that is played, and the guide that shows it. */
export interface Demo {
  /** Below the repository. */
  readonly guide: string;
  /** Throws where it cannot go on. */
  play(note: (text: string) => void, stopping: Promise<never>): Promise<Played>;
  /** The part of a guide without what is another each time. */
  comparable(part: string): string;
}

export interface Played {
  /** For whoever has started it. */
  readonly seen: string;
  /** As it stands in the guide. */
  readonly part: string;
  /** What should not be, each in a sentence. */
  readonly violations: readonly string[];
}
