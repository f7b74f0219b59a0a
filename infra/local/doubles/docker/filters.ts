import { Type } from "typebox";
import { Value } from "typebox/value";

const Filters = Type.Object(
  { label: Type.Optional(Type.Array(Type.String())), status: Type.Optional(Type.Array(Type.String())) },
  { additionalProperties: false },
);

export interface Filterable {
  labels: Readonly<Record<string, string>>;
  status?: string;
}

/** The `filters` of a listing as a test; undefined when they are not well formed or of a kind this daemon lacks. */
export function parseFilters(text: string | null): ((item: Filterable) => boolean) | undefined {
  let filters: unknown;
  try {
    filters = JSON.parse(text ?? "{}");
  } catch {
    // Whatever is wrong with it, the daemon says only that it is.
    return undefined;
  }
  if (!Value.Check(Filters, filters)) return undefined;
  const { label = [], status } = filters;
  return (item) =>
    label.every((wanted) => hasLabel(item, wanted)) && (status?.includes(item.status ?? "") ?? true);
}

function hasLabel({ labels }: Filterable, wanted: string): boolean {
  const [key = "", ...value] = wanted.split("=");
  return value.length === 0 ? key in labels : labels[key] === value.join("=");
}
