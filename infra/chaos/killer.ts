import { setTimeout as delay } from "node:timers/promises";
import { seeded } from "../bench/random.ts";
import { PARTS, type Part } from "./parts.ts";

export interface Pace {
  /** Between the end of one outage and the next kill, in milliseconds. */
  readonly calmMs: { readonly min: number; readonly max: number };
  /** How long a part stays away, besides the time that it takes to start. */
  readonly downMs: { readonly min: number; readonly max: number };
}

interface Killable {
  kill(part: Part): Promise<void>;
  start(part: Part): Promise<void>;
}

export interface Kill {
  readonly part: Part;
  /** Since the killing began, and until the part was ready again. */
  readonly atMs: number;
  readonly awayMs: number;
}

/** So often two parts go at the same time. */
const PAIR_SHARE = 0.2;

/**
 * Kills the parts in rotation until `isOver`, and every part at least once: each round takes all of them in an order of
 * its own. Resolves when everything runs again.
 */
export async function killInRotation(
  parts: Killable,
  options: { seed: number; pace: Pace; isOver: () => boolean },
): Promise<Kill[]> {
  const { seed, pace, isOver } = options;
  const random = seeded(seed);
  const between = ({ min, max }: Pace["calmMs"]) => min + random() * (max - min);
  const kills: Kill[] = [];
  const beganAt = performance.now();
  while (kills.length === 0 || !isOver()) {
    const round = shuffled(PARTS, random);
    while (round.length > 0 && !(isOver() && kills.length >= PARTS.length)) {
      await delay(between(pace.calmMs));
      const victims = round.splice(0, random() < PAIR_SHARE ? 2 : 1);
      const atMs = performance.now() - beganAt;
      await Promise.all(victims.map((part) => parts.kill(part)));
      await delay(between(pace.downMs));
      for (const part of PARTS.filter((one) => victims.includes(one))) {
        await parts.start(part);
        kills.push({
          part,
          atMs: Math.round(atMs),
          awayMs: Math.round(performance.now() - beganAt - atMs),
        });
      }
    }
  }
  return kills;
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(random() * left.length), 1));
}
