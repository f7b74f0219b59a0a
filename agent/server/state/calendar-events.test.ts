import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { CalendarEvent } from "../../skills/agentmail/event-store.ts";
import { createCalendarEvents, EVENTS_MAX } from "./calendar-events.ts";
import { openDatabase } from "./database.ts";
import { openIdentityFile } from "./identity-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "events-"));
});
afterEach(() => rm(folder, { recursive: true }));

const stateKey = randomBytes(32).toString("hex");
const anEvent = (uid: string, sequence = 0): CalendarEvent => ({
  ...{ uid, sequence, stampMs: 1, callId: "c", state: "sent", isCancelled: false },
  ...{ title: "Secret planning", start: "2026-03-30T09:30", end: "2026-03-30T10:30" },
  ...{ timezone: "Europe/Berlin", location: "", description: "", repeat: "" },
  ...{ attendees: ["ann@outside.example"], removed: [] },
});

it("keeps events over restarts, sealed, those touched last first, and no more than so many", async () => {
  const path = join(folder, "agent.db");
  const open = () => {
    const database = openDatabase(path);
    const { vault } = openIdentityFile(join(folder, "identity.json"), stateKey);
    return { database, events: createCalendarEvents(database, vault) };
  };
  const first = open();
  for (const uid of ["one", "two", "three"]) first.events.put(anEvent(uid));
  first.events.put(anEvent("one", 1));
  first.events.remove("two");
  first.database.close();
  const files = (await readdir(folder)).filter((name) => name.startsWith("agent.db"));
  expect(files).toContain("agent.db");
  for (const file of files)
    expect(await readFile(join(folder, file), "latin1")).not.toMatch(/Secret|outside\.example/);

  const { database, events } = open();
  expect(events.get("one")).toEqual(anEvent("one", 1));
  expect(events.get("two")).toBeUndefined();
  expect(events.list(10).map(({ uid }) => uid)).toEqual(["one", "three"]);
  for (let nth = 0; nth < EVENTS_MAX; nth += 1) events.put(anEvent(`e${nth}`));
  expect(events.list(EVENTS_MAX * 2)).toHaveLength(EVENTS_MAX);
  expect(events.get("one")).toBeUndefined();
  database.close();
});
