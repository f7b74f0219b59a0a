import type { DatabaseSync } from "node:sqlite";

/** Small durable values by name; none of them is a secret or a person's word. */
export const FACT_NAMES = [
  /** "done" once name and profile are committed to the conversation. */
  "presented",
  /** Timestamp of the attestation that the profile shows. */
  "attested-at",
  /** "shown" once the profile has the claim's picture, "given-up" once it is certain that it never will. */
  "picture",
  /** Inbox id of the person who is to become super admin. */
  "owner",
  /** "yes" once that has been done. */
  "owner-granted",
  /** Milliseconds of our own clock: everything inserted before it has been read. */
  "read-until-ms",
  /** RFC 3339: every mail up to then has been heard of. */
  "mail-known-until",
  /** When the conversation explodes by an authorised member's word, in milliseconds. */
  "expires-at-ms",
  /** Who could add members before the agent locked the conversation: a number of XMTP's policies. */
  "policy-before-lock",
  /** "yes" once somebody else has been in the conversation. */
  "had-company",
  /** "yes" once one of them has been a person, as far as that can be known. */
  "had-person",
  /** "yes" once the claim's inviter has been asked. */
  "join-requested",
  /** How many turns in a row were begun by agents alone. */
  "agent-turns",
  /** The present outage that people have been told of, and when in milliseconds: "credit 1790000000000". */
  "outage-notice",
  /** "us" or "others": who spoke last, as far as the agent is concerned. */
  "last-speaker",
  /** The message that is to get eyes, and the inbox id of its sender. */
  "eyes-due",
  /** Inbox id of the member whose answer the agent waits for. */
  "awaited-inbox",
] as const;
export type FactName = (typeof FACT_NAMES)[number];

export interface Facts {
  get(name: FactName): string | undefined;
  set(name: FactName, value: string): void;
  clear(name: FactName): void;
}

export function createFacts(database: DatabaseSync): Facts {
  const read = database.prepare("SELECT value FROM fact WHERE name = ?");
  const write = database.prepare(
    "INSERT INTO fact (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
  );
  const remove = database.prepare("DELETE FROM fact WHERE name = ?");
  return {
    get: (name) => {
      const value = read.get(name)?.value;
      return typeof value === "string" ? value : undefined;
    },
    set: (name, value) => void write.run(name, value),
    clear: (name) => void remove.run(name),
  };
}
