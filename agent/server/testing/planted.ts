import { randomBytes } from "node:crypto";
import { homedir, tmpdir } from "node:os";
import { crc32 } from "node:zlib";
import type { SweepReport, SweepRequest } from "./sweep.ts";
import { formsOf, sweepAs } from "./sweep-as.ts";

type Needles = SweepRequest["needles"];

/** Words that nobody else says; JSON, URLs and shells leave them as they are. */
export const plant = (name: string): string => `${name}${randomBytes(10).toString("hex")}`;

/** The forms in which words could lie about: as written, as UTF-16, and in base64 wherever they begin in what it encodes. */
export function formsOfWords(name: string, words: string): Needles {
  const needle = (form: string, bytes: Buffer) => ({
    name: `${name}${form}`,
    base64: bytes.toString("base64"),
  });
  const encoded = [0, 1, 2].map((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), Buffer.from(words)]);
    const certain = whole
      .toString("base64")
      .slice(Math.ceil((offset * 8) / 6), Math.floor((whole.length * 8) / 6));
    return needle(` (base64 at ${offset})`, Buffer.from(certain));
  });
  return [needle("", Buffer.from(words)), needle(" (UTF-16)", Buffer.from(words, "utf16le")), ...encoded];
}

/** What is looked for, by its name: words in their forms, keys in theirs. */
export const needlesOf = (
  words: Readonly<Record<string, string>>,
  keys: Readonly<Record<string, string>>,
): Needles => [
  ...Object.entries(words).flatMap(([name, text]) => formsOfWords(name, text)),
  ...Object.entries(keys).flatMap(([name, key]) => formsOf(name, key)),
];

/** Looks, as root, everywhere an agent or its gateway could have left something since then. */
export const sweepMachine = (
  needles: Needles,
  folders: readonly string[],
  changedSinceMs: number,
): Promise<SweepReport> =>
  sweepAs(0, {
    paths: [],
    folders: [
      ...folders.map((path) => ({ path, maxDepth: 20, changedSinceMs })),
      ...[tmpdir(), "/tmp", "/var/tmp", "/dev/shm", "/run", "/var/log", homedir(), process.cwd()].map(
        (path) => ({
          path,
          maxDepth: 8,
          changedSinceMs,
        }),
      ),
    ],
    needles,
  });

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const AFTER_HEADER = 33;

/** A picture of one dot that says something in a chunk of text. */
export function pictureSaying(words: string): Buffer {
  const dot = Buffer.from(PNG, "base64");
  const typed = Buffer.from(`tEXtComment\0${words}`, "latin1");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(typed.length - 4);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(typed));
  return Buffer.concat([dot.subarray(0, AFTER_HEADER), length, typed, checksum, dot.subarray(AFTER_HEADER)]);
}
