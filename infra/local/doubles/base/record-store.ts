import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Where a double keeps its records: named kinds, each an ordered map of id to JSON value. */
export interface RecordStore {
  /** Every record of a kind in order of first insertion. */
  load(kind: string): { id: string; value: unknown }[];
  put(kind: string, id: string, value: unknown): void;
  remove(kind: string, id: string): void;
  close(): void;
}

const NOWHERE: RecordStore = {
  load: () => [],
  put() {},
  remove() {},
  close() {},
};

/**
 * Opens `<dataDir>/<name>.sqlite` for this process alone; without a folder nothing outlives the process.
 * Throws when another process holds the file: two doubles on one state would each tell half the truth.
 */
export function openRecordStore(dataDir: string | undefined, name: string): RecordStore {
  if (dataDir === undefined) return NOWHERE;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(dataDir, `${name}.sqlite`));
  try {
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS records (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        json TEXT NOT NULL,
        UNIQUE (kind, id)
      );
      BEGIN IMMEDIATE; COMMIT;`);
  } catch (error) {
    database.close();
    throw new Error(`the state of the ${name} double is not usable, is another one running on it?`, {
      cause: error,
    });
  }
  const select = database.prepare("SELECT id, json FROM records WHERE kind = ? ORDER BY position");
  const upsert = database.prepare(
    "INSERT INTO records (kind, id, json) VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET json = excluded.json",
  );
  const drop = database.prepare("DELETE FROM records WHERE kind = ? AND id = ?");
  return {
    load: (kind) =>
      select.all(kind).map((row) => ({ id: String(row.id), value: JSON.parse(String(row.json)) })),
    put(kind, id, value) {
      upsert.run(kind, id, JSON.stringify(value));
    },
    remove(kind, id) {
      drop.run(kind, id);
    },
    close: () => database.close(),
  };
}
