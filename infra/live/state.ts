import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../../agent/server/state/database.ts";
import { createVault, SALT_BYTES, type Vault } from "../../agent/server/state/vault.ts";
import type { LiveContext } from "./suite.ts";

/** A folder that is gone afterwards. */
export async function openFolder({ cleanup }: Pick<LiveContext, "cleanup">): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "live-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An agent's state, for the skills that remember something. */
export async function openState(context: LiveContext): Promise<{ database: DatabaseSync; vault: Vault }> {
  const database = openDatabase(join(await openFolder(context), "state.sqlite"));
  context.cleanup.defer(() => database.close());
  const vault = createVault(randomBytes(32).toString("hex"), randomBytes(SALT_BYTES));
  return { database, vault };
}
