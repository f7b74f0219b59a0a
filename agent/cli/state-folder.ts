import { existsSync } from "node:fs";
import { openDatabase } from "../server/state/database.ts";
import { type StatePaths, statePaths } from "../server/state/paths.ts";

/**
 * Does something to a state folder while no agent's process can hold it. Throws a StateLockedError when one does. A
 * folder without a database is nobody's: a process makes it before anything else.
 */
export async function withStateFolder<T>(
  stateDir: string,
  work: (paths: StatePaths) => T | Promise<T>,
): Promise<T> {
  const paths = statePaths(stateDir);
  const database = existsSync(paths.database) ? openDatabase(paths.database) : undefined;
  try {
    return await work(paths);
  } finally {
    database?.close();
  }
}
