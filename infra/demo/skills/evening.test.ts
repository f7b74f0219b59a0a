import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { expect, it } from "vitest";
import { availability } from "../../../agent/openclaw/extensions/web-tools/assets/form/availability.js";
import { firstFreeDate, planEvening, QUESTION } from "./evening.ts";
import { heardIn } from "./heard-in.ts";

const NOW = Date.parse("2026-03-04T15:09:26Z");
const DAY_MS = 24 * 3_600_000;

it("is one of the next days at which there is a table, on any day of a year", () => {
  for (let day = 0; day < 365; day += 1) {
    const nowMs = NOW + day * DAY_MS;
    const date = firstFreeDate(nowMs);
    expect(Date.parse(date)).toBeGreaterThan(nowMs);
    expect(Date.parse(date)).toBeLessThan(nowMs + 7 * DAY_MS);
    expect(availability(date).find(({ time }) => time === "19:30")?.seats).toBeGreaterThan(1);
  }
});

it("comes with a photo and with words that can be heard", async () => {
  const { menu, question, formUrl } = await planEvening("http://127.0.0.1:1", NOW);
  expect(formUrl).toBe("http://127.0.0.1:1/web-tools/form");
  expect(await sharp(menu).metadata()).toMatchObject({ format: "jpeg", width: 1_600, height: 1_200 });
  const folder = await mkdtemp(join(tmpdir(), "evening-"));
  try {
    await writeFile(join(folder, "question.wav"), question);
    expect(await heardIn(join(folder, "question.wav"))).toBe(QUESTION);
  } finally {
    await rm(folder, { recursive: true });
  }
});
