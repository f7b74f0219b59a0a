import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";
import type { RecordStore } from "./record-store.ts";

/** An ordered, typed set of records held in memory and written through to the store. */
export class Collection<Schema extends TSchema> {
  readonly #store: RecordStore;
  readonly #kind: string;
  readonly #records = new Map<string, Static<Schema>>();

  /** Throws when a stored record does not fit the schema: the state is of another version. */
  constructor(store: RecordStore, kind: string, schema: Schema) {
    this.#store = store;
    this.#kind = kind;
    for (const { id, value } of store.load(kind)) {
      if (!Value.Check(schema, value)) {
        throw new Error(
          `a stored ${kind} record does not fit its schema; delete the double's state to go on`,
        );
      }
      this.#records.set(id, value);
    }
  }

  get(id: string): Static<Schema> | undefined {
    return this.#records.get(id);
  }

  /** In order of creation. */
  values(): Static<Schema>[] {
    return [...this.#records.values()];
  }

  put(id: string, record: Static<Schema>): void {
    this.#store.put(this.#kind, id, record);
    this.#records.set(id, record);
  }

  remove(id: string): void {
    this.#store.remove(this.#kind, id);
    this.#records.delete(id);
  }
}
