import type { DatabaseSync } from "node:sqlite";
import { Value } from "typebox/value";
import { CalendarEvent, type EventStore } from "../../skills/agentmail/event-store.ts";
import { transaction } from "./database.ts";
import type { Vault } from "./vault.ts";

const PURPOSE = "calendar-event";
/** More than these are forgotten, those first that have not been touched for longest. */
export const EVENTS_MAX = 500;

/** The events that the agent has invited to; what they say is sealed. */
export function createCalendarEvents(database: DatabaseSync, vault: Vault): EventStore {
  const select = database.prepare("SELECT event FROM calendar_event WHERE uid = ?");
  // A new row each time, so that the order of the rows is that in which they were touched.
  const replace = database.prepare("INSERT OR REPLACE INTO calendar_event (uid, event) VALUES (?, ?)");
  const trim = database.prepare(
    `DELETE FROM calendar_event WHERE position NOT IN (
       SELECT position FROM calendar_event ORDER BY position DESC LIMIT ${EVENTS_MAX})`,
  );
  const remove = database.prepare("DELETE FROM calendar_event WHERE uid = ?");
  const newest = database.prepare("SELECT event FROM calendar_event ORDER BY position DESC LIMIT ?");
  const read = ({ event }: Record<string, unknown>): CalendarEvent => {
    if (!(event instanceof Uint8Array)) throw new TypeError("a calendar event is no sealed data");
    return Value.Parse(CalendarEvent, JSON.parse(vault.openText(PURPOSE, event)));
  };
  return {
    get: (uid) => {
      const row = select.get(uid);
      return row && read(row);
    },
    put: (event) =>
      transaction(database, () => {
        replace.run(event.uid, vault.sealText(PURPOSE, JSON.stringify(event)));
        trim.run();
      }),
    remove: (uid) => void remove.run(uid),
    list: (limit) => newest.all(limit).map(read),
  };
}
