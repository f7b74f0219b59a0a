import Type from "typebox";
import { Value } from "typebox/value";
import type { MessageRecord } from "./records.ts";

const StringsSchema = Type.Array(Type.String());
/** Labels that hide a message from lists unless asked for. */
const HIDDEN = ["spam", "blocked", "unauthenticated", "trash"] as const;

/** The messages that a list's query asks for. Times that cannot be read filter nothing. */
export function filterMessages(messages: readonly MessageRecord[], query: URLSearchParams): MessageRecord[] {
  const labels = strings(query, "labels");
  const hidden = HIDDEN.filter(
    (label) => query.get(`include_${label}`) !== "true" && !labels.includes(label),
  );
  const before = Date.parse(query.get("before") ?? "");
  const after = Date.parse(query.get("after") ?? "");
  const holdsOne = (name: string, values: readonly string[]): boolean => {
    const wanted = strings(query, name).map((text) => text.toLowerCase());
    return wanted.length === 0 || values.some((value) => wanted.some((w) => value.toLowerCase().includes(w)));
  };
  return messages.filter((message) => {
    const atMs = Date.parse(message.timestamp);
    return (
      labels.every((label) => message.labels.includes(label)) &&
      !hidden.some((label) => message.labels.includes(label)) &&
      !(atMs >= before) &&
      !(atMs <= after) &&
      holdsOne("from", [message.from]) &&
      holdsOne("to", message.to) &&
      holdsOne("subject", [message.subject ?? ""])
    );
  });
}

/** A list in a query: one JSON array, as the SDK sends it, or a parameter that is repeated. */
function strings(query: URLSearchParams, name: string): string[] {
  return query.getAll(name).flatMap((value) => {
    if (!value.startsWith("[")) return [value];
    try {
      const parsed: unknown = JSON.parse(value);
      return Value.Check(StringsSchema, parsed) ? parsed : [value];
    } catch {
      // Not JSON: the text itself is then what is looked for.
      return [value];
    }
  });
}

/** The labels after a change of `{add_labels, remove_labels}`, each one or several. */
export function changedLabels(
  labels: readonly string[],
  change: {
    add_labels?: string | string[] | undefined;
    remove_labels?: string | string[] | undefined;
  },
): string[] {
  const added = [change.add_labels ?? []].flat();
  const removed = new Set([change.remove_labels ?? []].flat());
  return [...new Set([...labels, ...added])].filter((label) => !removed.has(label));
}
