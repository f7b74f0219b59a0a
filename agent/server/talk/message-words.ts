import type { StoredMessage } from "../state/turn-ledger.ts";

/** What a message says in words alone: its text and what its files are called. */
export function wordsOf({ text, fileNames }: Pick<StoredMessage, "text" | "fileNames">): string {
  if (fileNames === undefined) return text;
  const sent = `[sent ${fileNames.join(", ")}]`;
  return text === "" ? sent : `${text}\n${sent}`;
}
