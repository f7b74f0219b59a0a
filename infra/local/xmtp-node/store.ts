import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { TopicLog } from "./topic-log.ts";

const FILE_NAME = "xmtp-node.sqlite";
const SCHEMA_VERSION = 1;

export interface StoreCounts {
  readonly inboxes: number;
  readonly installations: number;
  readonly groups: number;
  readonly groupMessages: number;
  readonly welcomes: number;
}

/**
 * What a node knows, in SQLite: a file in `dataDir`, or memory without one. Each write is in the operating system's
 * hands when the call returns, so it survives the death of the process; a power cut may take the last ones.
 */
export class Store {
  readonly inboxUpdates: TopicLog;
  readonly groupMessages: TopicLog;
  readonly welcomes: TopicLog;
  readonly commitLog: TopicLog;
  readonly #database: DatabaseSync;
  readonly #putKeyPackage: StatementSync;
  readonly #getKeyPackage: StatementSync;
  readonly #countKeyPackages: StatementSync;
  readonly #associate: StatementSync;
  readonly #dissociate: StatementSync;
  readonly #inboxOf: StatementSync;

  /** Throws when another process has the folder open or its schema is another version's. */
  constructor(dataDir?: string) {
    this.#database = openDatabase(dataDir);
    this.inboxUpdates = new TopicLog(this.#database, "inbox_updates");
    this.groupMessages = new TopicLog(this.#database, "group_messages");
    this.welcomes = new TopicLog(this.#database, "welcomes");
    this.commitLog = new TopicLog(this.#database, "commit_log");
    this.#putKeyPackage = this.#database.prepare("INSERT OR REPLACE INTO key_packages VALUES (?, ?)");
    this.#getKeyPackage = this.#database.prepare("SELECT body FROM key_packages WHERE installation = ?");
    this.#countKeyPackages = this.#database.prepare("SELECT count(*) AS n FROM key_packages");
    this.#associate = this.#database.prepare("INSERT INTO associations (address, inbox_id) VALUES (?, ?)");
    this.#dissociate = this.#database.prepare("DELETE FROM associations WHERE address = ? AND inbox_id = ?");
    this.#inboxOf = this.#database.prepare(
      "SELECT inbox_id FROM associations WHERE address = ? ORDER BY serial DESC LIMIT 1",
    );
  }

  /** All of `work` is kept or, when it throws, none. */
  transaction(work: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      work();
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
    this.#database.exec("COMMIT");
  }

  /** Only the last upload of an installation is kept; it is handed out again and again. */
  putKeyPackage(installation: string, body: Uint8Array): void {
    this.#putKeyPackage.run(installation, body);
  }

  keyPackage(installation: string): Uint8Array | undefined {
    const body = this.#getKeyPackage.get(installation)?.body;
    return body instanceof Uint8Array ? body : undefined;
  }

  /** The latest association of an address is the one that counts. */
  associate(address: string, inboxId: string): void {
    this.dissociate(address, inboxId);
    this.#associate.run(address, inboxId);
  }

  dissociate(address: string, inboxId: string): void {
    this.#dissociate.run(address, inboxId);
  }

  inboxOf(address: string): string | undefined {
    const inboxId = this.#inboxOf.get(address)?.inbox_id;
    return typeof inboxId === "string" ? inboxId : undefined;
  }

  counts(): StoreCounts {
    const groups = this.groupMessages.totals();
    return {
      inboxes: this.inboxUpdates.totals().topics,
      installations: Number(this.#countKeyPackages.get()?.n),
      groups: groups.topics,
      groupMessages: groups.entries,
      welcomes: this.welcomes.totals().entries,
    };
  }

  close(): void {
    this.#database.close();
  }
}

/** Exclusive locking keeps a second node from writing ids of its own into the same series. */
function openDatabase(dataDir: string | undefined): DatabaseSync {
  if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true });
  const database = new DatabaseSync(dataDir === undefined ? ":memory:" : join(dataDir, FILE_NAME));
  try {
    database.exec(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN EXCLUSIVE;",
    );
    const version = database.prepare("PRAGMA user_version").get()?.user_version;
    if (version !== 0 && version !== SCHEMA_VERSION) {
      throw new Error(`${FILE_NAME} was written by another version; delete it to begin anew`);
    }
    database.exec(`
      CREATE TABLE IF NOT EXISTS key_packages (installation TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS associations (
        serial INTEGER PRIMARY KEY AUTOINCREMENT, address TEXT NOT NULL, inbox_id TEXT NOT NULL,
        UNIQUE (address, inbox_id)
      ) STRICT;
      PRAGMA user_version = ${SCHEMA_VERSION};
      COMMIT;
    `);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
