/** Something that a command tells: as data under `--json`, else as its text. */
export interface Event {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Standard output holds what was asked for, one line of JSON for each event under `--json`; all else goes to standard error. */
export class Output {
  readonly #json: boolean;
  readonly #out: NodeJS.WritableStream;
  readonly #err: NodeJS.WritableStream;

  constructor(json: boolean, out: NodeJS.WritableStream, err: NodeJS.WritableStream) {
    this.#json = json;
    this.#out = out;
    this.#err = err;
  }

  /** The same, written to another stream. */
  through(stream: NodeJS.WritableStream): Output {
    return new Output(this.#json, stream, stream);
  }

  tell(event: Event, text: string): void {
    this.#out.write(this.#json ? `${JSON.stringify(event)}\n` : `${text}\n`);
  }

  /** What is under way; nothing that a program would need. */
  note(text: string): void {
    if (!this.#json) this.#err.write(`${text}\n`);
  }

  fail(event: Omit<Event, "event">, text: string): void {
    if (this.#json) this.#out.write(`${JSON.stringify({ event: "error", ...event })}\n`);
    else this.#err.write(`${text}\n`);
  }
}

/** Columns as wide as their widest cell. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
