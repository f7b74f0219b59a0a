import { plainLine } from "../talk/plain-name.ts";
import type { FileProblem } from "./file-error.ts";

/** What cannot be read, and why, in words for people. `file` is the name or "the file". */
const SENTENCES: Readonly<Record<FileProblem, (file: string) => string>> = {
  "too-large": (file) =>
    `I couldn't open ${file}: it is too large for me (25 MB at most; pictures 10 MB and 50 megapixels).`,
  "too-many": () => "I only opened the first 10 files of that message. Please send the rest separately.",
  unreachable: (file) => `I couldn't download ${file}. Could you send it again?`,
  "not-https": (file) => `I didn't open ${file}, because its download address is not a secure one.`,
  "private-address": (file) => `I didn't open ${file}, because it is not stored at a public address.`,
  "wrong-digest": (file) =>
    `I couldn't open ${file}: what I downloaded is not what was sent. Could you send it again?`,
  "wrong-key": (file) => `I couldn't unlock ${file} with the key that came with it. Could you send it again?`,
  "unknown-type": (file) =>
    `I can't read ${file}, because I don't know this kind of file. A picture, a voice note, a PDF, Word or Excel file or plain text works.`,
  audio: (file) =>
    `I can't listen to audio here, so I don't know what is in ${file}. Could you write it to me?`,
  "not-heard": (file) =>
    `I couldn't make out what is said in ${file}. It may be too long, damaged, or my hearing fails me just now.`,
  video: (file) =>
    `I can't watch videos yet, so I don't know what is in ${file}. Could you tell me about it?`,
  encrypted: (file) => `I can't read ${file}, because it is protected with a password.`,
  damaged: (file) => `I couldn't read ${file}: it seems to be damaged or incomplete.`,
  empty: (file) => `There is nothing in ${file}: it is empty.`,
  "no-text": (file) =>
    `I found no text in ${file}. If it is a scan, a picture of the page works better for me.`,
  "expands-too-much": (file) => `I didn't open ${file}, because there is far too much packed into it.`,
  "took-too-long": (file) => `I gave up on ${file}, because reading it took too long.`,
  internal: (file) => `I couldn't read ${file}: something went wrong on my side.`,
  busy: (file) =>
    `I couldn't look at ${file}, because I have too many files to read just now. Please try again in a minute.`,
};

/** One clear sentence for people. The name is cleaned of whatever could pass for something else. */
export function problemSentence(problem: FileProblem, filename: string): string {
  const name = plainLine(filename);
  return SENTENCES[problem](name === "" ? "that file" : `“${name}”`);
}
