const MAX_ENTRIES = 2_000;

/** One provider request, without its query, headers and body: those carry secrets and people's words. */
export interface LogEntry {
  seq: number;
  method: string;
  path: string;
  /** What the client was sent; null until then, and for good when it never got one (hang, reset). */
  status: number | null;
  /** The fault that was applied, if one was. */
  fault: string | null;
  /** ISO time on the virtual clock. */
  at: string;
}

/** The last requests in order of arrival. Old entries are dropped, `seq` shows that they were. */
export class RequestLog {
  readonly #entries: LogEntry[] = [];
  #seq = 0;

  /** Notes an arrived request. The caller sets the status on the returned entry once it is sent. */
  begin(arrived: Omit<LogEntry, "seq" | "status">): LogEntry {
    this.#seq += 1;
    const entry: LogEntry = { seq: this.#seq, ...arrived, status: null };
    this.#entries.push(entry);
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
    return entry;
  }

  entries(): readonly LogEntry[] {
    return this.#entries;
  }
}
