import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ADA, aMandate } from "../kit/testing.ts";
import { ToolError } from "../kit/tool-error.ts";
import { createSchedulingSkill } from "./index.ts";
import { SCHEDULE_LIMITS } from "./limits.ts";
import { Scene } from "./testing/scene.ts";

const NOWHERE = { inboxId: "b".repeat(64), name: "Bob" };
let scene: Scene;
// A Monday, 10:00 in Berlin.
beforeEach(() => {
  scene = new Scene("2026-11-23T09:00:00Z");
});
afterEach(() => scene.close());

const nextOf = (): string[] =>
  scene.schedules.all().map(({ dueMs }) => new Date(dueMs).toISOString().slice(0, 16));

describe("what is set up", () => {
  it.each([
    ["in minutes", { in_minutes: 90 }, "2026-11-23T10:30"],
    ["at a time that is still to come today", { at: "17:30" }, "2026-11-23T16:30"],
    ["at a time that is past today", { at: "09:30" }, "2026-11-24T08:30"],
    ["on a date", { at: "2026-12-24T18:00" }, "2026-12-24T17:00"],
    ["on a date, with seconds that are none", { at: "2026-12-24T18:00:00" }, "2026-12-24T17:00"],
    ["in another zone", { at: "2026-12-24T18:00", timezone: "America/St_Johns" }, "2026-12-24T21:30"],
    ["in a skipped hour", { at: "2027-03-28T02:30" }, "2027-03-28T01:00"],
    ["in a repeated hour", { at: "2027-10-31T02:30" }, "2027-10-31T00:30"],
    [
      "every weekday",
      { at: "09:00", repeat: { every: 1, unit: "week", days: ["fr", "mo", "tu", "we", "th"] } },
      "2026-11-24T08:00",
    ],
    [
      "weekly on the day of its first time",
      { at: "2026-11-26T09:00", repeat: { every: 1, unit: "week" } },
      "2026-11-26T08:00",
    ],
    [
      "every day, begun before",
      { at: "2026-11-01T09:00", repeat: { every: 1, unit: "day" } },
      "2026-11-24T08:00",
    ],
    ["monthly", { at: "2026-11-30T09:00", repeat: { every: 1, unit: "month" } }, "2026-11-30T08:00"],
    ["every so many hours from now", { repeat: { every: 4, unit: "hour" } }, "2026-11-23T13:00"],
    [
      "every so many hours, first soon",
      { in_minutes: 5, repeat: { every: 4, unit: "hour" } },
      "2026-11-23T09:05",
    ],
    [
      "every so many hours of the clock",
      { at: "2026-11-23T08:00", repeat: { every: 3, unit: "hour" } },
      "2026-11-23T10:00",
    ],
    ["each minute for a while", { repeat: { every: 1, unit: "minute", times: 10 } }, "2026-11-23T09:01"],
  ])("%s, comes next at the right time", async (_, timing, next) => {
    await scene.create(timing);
    expect(nextOf()).toEqual([next]);
  });

  it("is told with its next times, in the person's time, and with what time it is", async () => {
    const text = await scene.use({
      ...{ action: "create", task: "Ask for the report", at: "2027-03-26T09:00" },
      repeat: { every: 1, unit: "week", days: ["mo", "fr"], until: "2027-12-31" },
    });
    expect(text).toMatch(
      /^Set up: schedule [0-9a-f]{6}, every week on mo, fr at 09:00 Europe\/Berlin, until Fri 2027-12-31 23:59 Europe\/Berlin\. Next: Fri 2027-03-26 09:00; Mon 2027-03-29 09:00; Fri 2027-04-02 09:00 \(Europe\/Berlin\)\. It is Mon 2026-11-23 10:00 now\.$/,
    );
  });

  it("ends after so many times, or on a day, whichever is first", async () => {
    const repeat = { every: 1, unit: "day", times: 3 };
    await scene.create({ at: "09:00", repeat });
    await scene.create({ at: "09:00", repeat: { ...repeat, until: "2026-11-25" } });
    const ends = scene.schedules.all().map(({ content: { rule } }) => "endMs" in rule && rule.endMs);
    expect(ends).toEqual([Date.parse("2026-11-26T08:00Z"), Date.parse("2026-11-25T22:59Z")]);
  });

  it("in an hour that comes twice, is at the second when the first is over", async () => {
    scene.at("2027-10-31T00:45:00Z");
    await scene.create({ at: "2027-10-31T02:30" });
    expect(nextOf()).toEqual(["2027-10-31T01:30"]);
  });

  it("is one when the same use of the tool is repeated", async () => {
    const first = await scene.create({ in_minutes: 5 }, { callId: "same" });
    expect(await scene.create({ in_minutes: 5 }, { callId: "same" })).toBe(first);
    expect(scene.schedules.all()).toHaveLength(1);
  });
});

describe("what is refused", () => {
  const daily = { every: 1, unit: "day" };
  it.each([
    ["nothing to do", { task: undefined, at: "09:00" }, /Give task/],
    ["no time", {}, /when is it to be/],
    ["two times", { at: "09:00", in_minutes: 5 }, /not both/],
    ["the past", { at: "2026-11-23T09:59" }, /past: it is Mon 2026-11-23 10:00 Europe\/Berlin now/],
    ["a repetition since long ago", { at: "2020-01-01T09:00", repeat: daily }, /past/],
    ["too far ahead", { at: "2032-01-01T09:00" }, /five years/],
    ["too rarely", { at: "2026-11-01T09:00", repeat: { every: 1_000, unit: "year" } }, /five years/],
    ["less than a minute", { repeat: { every: 0.5, unit: "minute" } }, /repeat\.every/],
    ["seconds", { repeat: { every: 30, unit: "second" } }, /repeat\.unit/],
    ["seconds of a time", { at: "09:00:30" }, /no local time/],
    ["an offset", { at: "2026-12-24T18:00+01:00" }, /maxLength|no local time/],
    ["UTC by a letter", { at: "2026-12-24T18:00Z" }, /no local time/],
    ["a day that does not exist", { at: "2027-02-29T18:00" }, /no local time/],
    ["an hour that does not exist", { at: "24:00" }, /no local time/],
    ["a date without a time", { at: "2026-12-24" }, /time of the day/],
    ["a month without a day", { at: "09:00", repeat: { every: 1, unit: "month" } }, /first date/],
    ["days of a month", { at: "09:00", repeat: { ...daily, days: ["mo"] } }, /unit week/],
    ["a calendar without a time", { repeat: daily }, /Give at/],
    ["an end before the beginning", { at: "09:00", repeat: { ...daily, until: "2026-11-23" } }, /end before/],
    ["an end without a date", { at: "09:00", repeat: { ...daily, until: "18:00" } }, /with its date/],
    ["each minute for ever", { repeat: { every: 1, unit: "minute" } }, /too often.*96 times a day/],
    ["each minute for a day", { repeat: { every: 1, unit: "minute", times: 97 } }, /too often/],
    ["a zone that is none", { at: "09:00", timezone: "EST" }, /no IANA time zone.*ask Ada/],
    ["words without end", { at: "09:00", task: "a".repeat(SCHEDULE_LIMITS.taskMaxChars + 1) }, /task/],
    ["a word too many", { at: "09:00", cron: "* * * * *" }, /parameters|cron|additional/],
  ])("%s", async (_, params, reason) => {
    const used = scene.use({ action: "create", task: "Water the plants", ...params });
    await expect(used).rejects.toThrow(ToolError);
    await expect(used).rejects.toThrow(reason);
    expect(scene.schedules.all()).toEqual([]);
  });

  it("without a known time zone, with the request to ask for it", async () => {
    const asked = /time zone of Bob is not known\. Ask Bob/;
    await expect(scene.create({ at: "09:00" }, { asker: NOWHERE })).rejects.toThrow(asked);
    await expect(scene.create({ at: "09:00", repeat: daily }, { asker: NOWHERE })).rejects.toThrow(asked);
    const unusable = { ...NOWHERE, timezone: "somewhere" };
    await expect(scene.create({ at: "09:00" }, { asker: unusable })).rejects.toThrow(asked);
    await scene.create({ at: "09:00", timezone: "Asia/Kathmandu" }, { asker: NOWHERE });
    // These need none.
    await scene.create({ in_minutes: 5 }, { asker: NOWHERE });
    await scene.create({ repeat: { every: 2, unit: "hour" } }, { asker: NOWHERE });
    expect(nextOf()).toEqual(["2026-11-23T09:05", "2026-11-23T11:00", "2026-11-24T03:15"]);
  });

  it("beyond what there may be of them, and of their runs in a day", async () => {
    await scene.create({ repeat: { every: 15, unit: "minute" } });
    const second = await scene.create({ repeat: { every: 15, unit: "minute" } });
    await expect(scene.create({ repeat: { every: 1, unit: "hour" } })).rejects.toThrow(/200 times a day/);
    await expect(
      scene.use({ action: "change", id: second, repeat: { every: 14, unit: "minute" } }),
    ).rejects.toThrow(/too often/);
    await scene.use({ action: "cancel", id: second });
    for (let count = 1; count < SCHEDULE_LIMITS.maxSchedules; count++)
      await scene.create({ in_minutes: count });
    await expect(scene.create({ in_minutes: 5 })).rejects.toThrow(/50 schedules/);
    expect(scene.schedules.all()).toHaveLength(50);
    const text = await scene.use({ action: "list" });
    expect(text.split("\n")).toHaveLength(51);
  });

  it("unless a person asks for it", async () => {
    const id = await scene.create({ in_minutes: 5 });
    const nobody = { mandate: aMandate({ hasPerson: false }) };
    await expect(scene.create({ in_minutes: 6 }, nobody)).rejects.toThrow("Nobody here");
    await expect(scene.use({ action: "cancel", id }, nobody)).rejects.toThrow("Nobody here");
    await expect(scene.use({ action: "change", id, task: "Pay" }, nobody)).rejects.toThrow("Nobody here");
    expect(await scene.use({ action: "list" }, nobody)).toContain("Water the plants");
  });

  it("when a task that is due wants to set up another; it may cancel itself", async () => {
    const id = await scene.create({ at: "09:00", repeat: daily });
    const scheduled = { asker: undefined };
    await expect(scene.create({ in_minutes: 1 }, scheduled)).rejects.toThrow(/Ask the people/);
    await expect(scene.use({ action: "change", id, in_minutes: 1 }, scheduled)).rejects.toThrow(/Ask/);
    expect(await scene.use({ action: "cancel", id }, scheduled)).toBe(`Cancelled ${id}.`);
    expect(scene.schedules.all()).toEqual([]);
  });
});

describe("what is there", () => {
  it("is listed, soonest first, with the time now", async () => {
    expect(await scene.use({ action: "list" })).toBe(
      "It is Mon 2026-11-23 10:00 Europe/Berlin now.\nNothing is scheduled.",
    );
    const later = await scene.create({
      at: "2026-12-31T09:00",
      repeat: { every: 1, unit: "month" },
      task: "Pay\nrent",
    });
    const sooner = await scene.create({ in_minutes: 5, task: "x".repeat(500) });
    expect((await scene.use({ action: "list" })).split("\n").slice(1)).toEqual([
      `${sooner}: once; next Mon 2026-11-23 10:05 Europe/Berlin; for Ada: ${"x".repeat(200)}…`,
      `${later}: every month on day 31 (or the last of the month) at 09:00 Europe/Berlin; next Thu 2026-12-31 09:00 Europe/Berlin; for Ada: Pay rent`,
    ]);
  });

  it("is changed in its task or in its timing, and belongs to whom the task is from", async () => {
    const id = await scene.create({ in_minutes: 5 });
    const bob = { asker: { ...NOWHERE, timezone: "UTC" } };
    await scene.use({ action: "change", id, at: "2026-11-24T12:00" }, bob);
    const moved = scene.schedules.all()[0];
    expect(moved).toMatchObject({ id, dueMs: Date.parse("2026-11-24T12:00Z") });
    expect(moved?.content).toMatchObject({ task: "Water the plants", askedBy: { inboxId: ADA.inboxId } });
    await scene.use({ action: "change", id, task: "Water the garden" }, bob);
    const changed = scene.schedules.all()[0];
    expect(changed?.dueMs).toBe(moved?.dueMs);
    expect(changed?.content).toMatchObject({ task: "Water the garden", askedBy: { name: "Bob" } });
    await expect(scene.use({ action: "change", id })).rejects.toThrow(/what to change/);
    await expect(scene.use({ action: "change", id, timezone: "UTC" })).rejects.toThrow(/whole timing/);
  });

  it("is found by its id only", async () => {
    await scene.create({ in_minutes: 5 });
    for (const id of [undefined, "", "ffffffff", "' OR 1=1"])
      for (const action of ["change", "cancel"])
        await expect(scene.use({ action, id, task: "x" })).rejects.toThrow(/no schedule of that id/);
  });

  it("says that foreign words may be in it", async () => {
    const tainted = { mandate: aMandate({ isTainted: true }) };
    const id = await scene.create({ in_minutes: 5 }, tainted);
    const list = async () => (await scene.tool.run({ action: "list" }, scene.call())).isForeign;
    expect(await list()).toBe(true);
    await scene.use({ action: "change", id, in_minutes: 6 });
    expect(await list()).toBe(true);
    await scene.use({ action: "change", id, task: "Something else" });
    expect(await list()).toBe(false);
  });
});

it("is offered in few words, and needs nothing", async () => {
  const { name, description, parameters } = scene.tool;
  expect(JSON.stringify({ name, description, parameters }).length).toBeLessThanOrEqual(2_000);
  const skill = createSchedulingSkill({ schedules: scene.schedules, onChange: () => undefined });
  expect(await skill.setup(AbortSignal.timeout(1_000))).toMatchObject({ state: "ready" });
});
