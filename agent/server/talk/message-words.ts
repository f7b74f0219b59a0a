import type { StoredMessage } from "../state/turn-ledger.ts";
import { fileLabel } from "./file-label.ts";

/** What a message says in words alone: its text and what its files are called. */
export function wordsOf({ text, fileNames }: Pick<StoredMessage, "text" | "fileNames">): string {
  if (fileNames === undefined) return text;
  const sent = `[sent ${fileNames.map(fileLabel).join(", ")}]`;
  return text === "" ? sent : `${text}\n${sent}`;
}
