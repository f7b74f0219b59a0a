/** Something that a command tells: as data under `--json`, else as its text. */
export interface Event {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Standard output holds what was asked for, one line of JSON for each event under `--json`; errors of people's form go to standard error. */
export class Output {
  readonly #json: boolean;
  readonly #out: NodeJS.WritableStream;
  readonly #err: NodeJS.WritableStream;

  constructor(json: boolean, out: NodeJS.WritableStream, err: NodeJS.WritableStream) {
    this.#json = json;
    this.#out = out;
    this.#err = err;
  }

  tell(event: Event, text: string): void {
    this.#out.write(this.#json ? `${JSON.stringify(event)}\n` : `${text}\n`);
  }

  fail(event: Omit<Event, "event">, text: string): void {
    if (this.#json) this.#out.write(`${JSON.stringify({ event: "error", ...event })}\n`);
    else this.#err.write(`${text}\n`);
  }
}
