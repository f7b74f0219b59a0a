import { clearLine, createInterface, cursorTo, type Interface } from "node:readline";
import { Writable } from "node:stream";

const PROMPT = "> ";

export interface Terminal extends Disposable {
  /** What is typed, until Ctrl-C or Ctrl-D. */
  readonly lines: AsyncIterable<string>;
  /** Writes above the line that is being typed. */
  readonly out: Writable;
}

export function openTerminal(over: AbortSignal): Terminal {
  const { stdin, stdout } = process;
  const reader = createInterface({ input: stdin, output: stdout, prompt: PROMPT });
  const close = (): void => reader.close();
  reader.once("SIGINT", close);
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      clearLine(stdout, 0);
      cursorTo(stdout, 0);
      stdout.write(chunk);
      if (!over.aborted) reader.prompt(true);
      done();
    },
  });
  reader.on("line", () => reader.prompt());
  reader.prompt();
  return { lines: iterate(reader, over), out, [Symbol.dispose]: close };
}

/** The lines of a stream that is no terminal. */
export function readLines(input: NodeJS.ReadableStream, over: AbortSignal): AsyncIterable<string> {
  return iterate(createInterface({ input }), over);
}

/** The lines until `over`. Keeps those that come before somebody asks for them, which readline by itself would drop. */
function iterate(reader: Interface, over: AbortSignal): AsyncIterable<string> {
  const iterator = reader[Symbol.asyncIterator]();
  const close = (): void => reader.close();
  if (over.aborted) close();
  else over.addEventListener("abort", close, { once: true });
  return { [Symbol.asyncIterator]: () => iterator };
}
