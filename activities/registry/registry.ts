import type { Database } from "./database.ts";
import type { Vault } from "./vault.ts";

/** What every registry function works on. */
export interface Registry {
  db: Database;
  vault: Vault;
  /** Separates the external resources of two platforms that share provider accounts. */
  environment: string;
  /** First part of every external resource's name. */
  prefix: string;
}

/** The channel on which the id of a claim is notified when a caller that waits for it should look again. */
export const CLAIM_CHANNEL = "claim_changed";
