import sharp from "sharp";
import { availability } from "../../../agent/openclaw/extensions/web-tools/assets/form/availability.js";
import { drawn } from "../../../agent/skills/images/draw.ts";
import { say } from "../../local/doubles/openrouter/audio-tones.ts";
import { wav } from "../../testing/skills/ends.ts";

/** The dinner that is planned. */
export interface Evening {
  /** As `2026-08-14`. */
  readonly date: string;
  /** For people: `Friday, August 14`. */
  readonly day: string;
  readonly formUrl: string;
  /** A photo of the menu. */
  readonly menu: Buffer;
  /** Ada's voice note. */
  readonly question: Buffer;
}

export const TIME = "19:30";
export const TIME_ZONE = "America/Chicago";
export const QUESTION = "What is the plan?";
const MENU = "HARBOUR TABLE\nFish soup 9\nSea bass 28\nApple tart 11";
const SEATS = 2;
const DAY_MS = 24 * 3_600_000;
const DAYS = 6;
const RATE_HZ = 16_000;

/** An evening of this week at which the restaurant has a table, with all that Ada needs for it. */
export async function planEvening(agentUrl: string, nowMs: number): Promise<Evening> {
  const date = firstFreeDate(nowMs);
  const menu = await photoOf(MENU);
  return {
    ...{ date, day: dayOf(date), formUrl: `${agentUrl}/web-tools/form`, menu },
    question: wav(say(QUESTION, RATE_HZ), RATE_HZ),
  };
}

/** From a day and a half on, which is not today anywhere: for today the restaurant takes no bookings. */
export function firstFreeDate(nowMs: number): string {
  const dates = Array.from({ length: DAYS }, (_, index) =>
    new Date(nowMs + (index + 1.5) * DAY_MS).toISOString().slice(0, 10),
  );
  const isFree = (date: string): boolean =>
    availability(date).some(({ time, seats }) => time === TIME && seats >= SEATS);
  const date = dates.find(isFree);
  if (date === undefined) throw new Error("the restaurant has no table in these days");
  return date;
}

export const dayOf = (date: string): string =>
  new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" }).format(
    new Date(`${date}T00:00:00Z`),
  );

/** Words on paper, somewhat grey. */
async function photoOf(text: string): Promise<Buffer> {
  const size = { width: 1_600, height: 1_200 };
  const paper = sharp({ create: { ...size, channels: 3, background: "#eeeae0" } });
  const canvas = { image: paper, ...size, hasAlpha: false };
  const words = await drawn(canvas, { op: "text", at: "200,200", text, size: 120, color: "#222222" });
  if (words === undefined) throw new Error("nothing was drawn");
  return paper.composite([words]).jpeg().toBuffer();
}
