const KEPT = 30;

/** The last events for people, and a digest of all of them to compare two runs. */
export class Trace {
  readonly #lines: string[] = [];
  #digest = 0x811c9dc5;

  note(atMs: number, step: number, text: string): void {
    const line = `${String(step).padStart(6)} ${(atMs / 1000).toFixed(3).padStart(11)} s  ${text}`;
    for (let at = 0; at < line.length; at++) {
      this.#digest = Math.imul(this.#digest ^ line.charCodeAt(at), 0x01000193);
    }
    this.#lines.push(line);
    if (this.#lines.length > KEPT) this.#lines.shift();
  }

  get digest(): number {
    return this.#digest >>> 0;
  }

  get tail(): string {
    return this.#lines.join("\n");
  }
}
