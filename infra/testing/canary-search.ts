import { spawn } from "node:child_process";
import { text as read } from "node:stream/consumers";

/** A text that may stand nowhere but where it is meant to be. */
export interface Canary {
  /** What it is, for a report that does not repeat it. */
  readonly name: string;
  /** At least 16 printable characters that nothing else has by chance. */
  readonly text: string;
}

/** Something that was read, and from where. */
export interface Place {
  readonly where: string;
  readonly text: string;
}

/** `canary in where`. */
export type Leak = string;

/** The text as it is, in hexadecimal, and in base64 wherever it begins in what is encoded. */
export function formsOf(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const inBase64 = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    // The first and the last characters hold bits of what stands before and after it.
    return encoded.replace(/=+$/, "").slice(Math.ceil((offset * 8) / 6), -1);
  });
  const inBase64Url = inBase64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"));
  const inJson = JSON.stringify(text).slice(1, -1);
  return [
    ...new Set([text, inJson, encodeURIComponent(text), bytes.toString("hex"), ...inBase64, ...inBase64Url]),
  ];
}

/** Which canaries stand where, in any form. */
export function findLeaks(places: Iterable<Place>, canaries: readonly Canary[]): Leak[] {
  const needles = canaries.map(({ name, text }) => ({ name, forms: formsOf(text) }));
  const leaks = new Set<Leak>();
  for (const { where, text } of places) {
    for (const { name, forms } of needles) {
      if (forms.some((form) => text.includes(form))) leaks.add(`${name} in ${where}`);
    }
  }
  return [...leaks].sort();
}

/** Looks through every file below the folder, whatever is in it: also for what a database has deleted. */
export async function findLeaksBelow(
  folder: string,
  where: string,
  canaries: readonly Canary[],
): Promise<Leak[]> {
  const needles = canaries.flatMap(({ name, text }) => formsOf(text).map((form) => ({ name, form })));
  // The needles come by standard input: what is looked for must not stand in a process's arguments either.
  const grep = spawn("grep", ["-raohFf", "-", "--", folder], { stdio: ["pipe", "pipe", "ignore"] });
  grep.stdin.end(`${needles.map(({ form }) => form).join("\n")}\n`);
  const found = new Set((await read(grep.stdout)).split("\n"));
  const names = needles.filter(({ form }) => found.has(form)).map(({ name }) => `${name} in ${where}`);
  return [...new Set(names)].sort();
}
