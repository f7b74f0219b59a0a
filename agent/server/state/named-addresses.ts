import { createHmac } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { addressesIn, canonicalAddress } from "../skills/addresses.ts";
import type { Vault } from "./vault.ts";

/** More of one message are not noted. */
const MAX_PER_MESSAGE = 50;

/** Which addresses members of the conversation have written, as keyed digests: enough to recognise one, none to be read. */
export interface NamedAddresses {
  note(text: string, inboxId: string): void;
  /** Who has written it. */
  namedBy(address: string): readonly string[];
}

export function createNamedAddresses(database: DatabaseSync, vault: Vault): NamedAddresses {
  const key = vault.deriveKey("named-address");
  const digest = (address: string): Buffer => createHmac("sha256", key).update(address).digest();
  const insert = database.prepare("INSERT OR IGNORE INTO named_address (digest, inbox_id) VALUES (?, ?)");
  const select = database.prepare("SELECT inbox_id FROM named_address WHERE digest = ?");
  return {
    note: (text, inboxId) => {
      for (const address of addressesIn(text).slice(0, MAX_PER_MESSAGE)) insert.run(digest(address), inboxId);
    },
    namedBy: (address) =>
      select.all(digest(canonicalAddress(address))).map(({ inbox_id: inboxId }) => String(inboxId)),
  };
}
