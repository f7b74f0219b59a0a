import type { DatabaseSync } from "node:sqlite";

/** More than this waiting means that nobody takes them. */
const MAX_WAITING = 1_000;

/** Ids of what the platform holds for this agent, each kept once until it has been fetched. */
export interface Notifications {
  /** False when there is no room. */
  keep(id: string): boolean;
  /** The one that has waited longest. */
  next(): string | undefined;
  /** It has been dealt with. */
  remove(id: string): void;
}

export function createNotifications(database: DatabaseSync): Notifications {
  const count = database.prepare("SELECT count(*) AS waiting FROM notification");
  const insert = database.prepare("INSERT OR IGNORE INTO notification (id, received_at) VALUES (?, ?)");
  const oldest = database.prepare("SELECT id FROM notification ORDER BY received_at, rowid LIMIT 1");
  const remove = database.prepare("DELETE FROM notification WHERE id = ?");
  return {
    keep: (id) => {
      if (Number(count.get()?.waiting) >= MAX_WAITING) return false;
      insert.run(id, Date.now());
      return true;
    },
    next: () => {
      const id = oldest.get()?.id;
      return typeof id === "string" ? id : undefined;
    },
    remove: (id) => void remove.run(id),
  };
}
