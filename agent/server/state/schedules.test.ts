import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SCHEDULE_LIMITS } from "../../skills/scheduling/limits.ts";
import type { Schedule } from "../../skills/scheduling/schedules.ts";
import { Scene } from "../../skills/scheduling/testing/scene.ts";

let scene: Scene;
beforeEach(() => {
  scene = new Scene("2026-11-23T09:00:00Z");
});
afterEach(() => scene.close());

const aSchedule = (id: string, dueMs: number): Schedule => ({
  id,
  dueMs,
  content: {
    task: "walruses and oysters",
    rule: { kind: "once", atMs: dueMs, timezone: "Europe/Berlin" },
    askedBy: { inboxId: "inbox-of-ada", name: "Ada Lovelace" },
    askedAtMs: 1,
    isTainted: false,
    callId: "call",
  },
});

describe("the schedules", () => {
  it("are there after a restart, soonest first, changed in place, and gone when removed", () => {
    scene.schedules.put(aSchedule("later", 20));
    scene.schedules.put(aSchedule("sooner", 10));
    scene.schedules.put(aSchedule("moved", 5));
    scene.schedules.put(aSchedule("moved", 30));
    scene.restart();
    expect(scene.schedules.all()).toEqual([
      aSchedule("sooner", 10),
      aSchedule("later", 20),
      aSchedule("moved", 30),
    ]);
    expect(scene.schedules.remove("later")).toBe(true);
    expect(scene.schedules.remove("later")).toBe(false);
    expect(scene.schedules.all().map(({ id }) => id)).toEqual(["sooner", "moved"]);
  });

  it("hold nobody's words or name in the clear", () => {
    const schedule = aSchedule("one", 10);
    scene.schedules.put(schedule);
    scene.schedules.settle(schedule, "schedule:one:10", 20, () => undefined);
    scene.restart();
    const bytes = readFileSync(scene.path).toString("latin1");
    for (const word of ["walruses", "oysters", "inbox-of-ada", "Lovelace", "Europe/Berlin"])
      expect(bytes).not.toContain(word);
    expect(scene.schedules.ownerOf("schedule:one:10")).toBe("inbox-of-ada");
  });

  it("settle all or nothing", () => {
    const schedule = aSchedule("one", 10);
    scene.schedules.put(schedule);
    const deliver = (): void => {
      scene.turns.take({ id: "schedule:one:10", senderInboxId: "outside:schedule", text: "x", sentAtMs: 1 });
      throw new Error("planted");
    };
    expect(() => scene.schedules.settle(schedule, "schedule:one:10", undefined, deliver)).toThrow("planted");
    expect(scene.schedules.all()).toEqual([schedule]);
    expect(scene.turns.knows("schedule:one:10")).toBe(false);
    expect(scene.schedules.ownerOf("schedule:one:10")).toBeUndefined();
  });

  it("remember the origin of so many runs and no more", () => {
    const schedule = aSchedule("one", 10);
    scene.database.exec(
      `WITH RECURSIVE run (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM run
         WHERE number < ${SCHEDULE_LIMITS.runsRemembered})
       INSERT INTO schedule_run (message_id, origin) SELECT 'old:' || number, x'00' FROM run`,
    );
    scene.schedules.settle(schedule, "schedule:one:10", 20, () => undefined);
    scene.schedules.settle(schedule, "schedule:one:20", 30, () => undefined);
    const runs = scene.database.prepare("SELECT count(*) AS runs FROM schedule_run").get()?.runs;
    expect(runs).toBe(SCHEDULE_LIMITS.runsRemembered);
    expect(scene.schedules.ownerOf("schedule:one:20")).toBe("inbox-of-ada");
  });
});
