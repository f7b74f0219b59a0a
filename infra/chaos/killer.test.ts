import { expect, it } from "vitest";
import { killInRotation } from "./killer.ts";
import { PARTS, type Part } from "./parts.ts";

const NO_TIME = { calmMs: { min: 0, max: 0 }, downMs: { min: 0, max: 0 } };

async function rotation(seed: number, rounds: number): Promise<{ log: string[]; killed: Part[] }> {
  const log: string[] = [];
  const killed: Part[] = [];
  await killInRotation(
    {
      kill: async (part) => {
        killed.push(part);
        log.push(`-${part}`);
      },
      start: async (part) => {
        log.push(`+${part}`);
      },
    },
    { seed, pace: NO_TIME, isOver: () => killed.length >= rounds * PARTS.length },
  );
  return { log, killed };
}

it("kills every part once in each round, and starts it again before the next", async () => {
  const { log, killed } = await rotation(5, 4);
  for (let round = 0; round < 4; round++) {
    const of = killed.slice(round * PARTS.length, (round + 1) * PARTS.length);
    expect([...of].sort()).toEqual([...PARTS].sort());
  }
  const down = new Set<string>();
  for (const entry of log) {
    if (entry.startsWith("-")) down.add(entry.slice(1));
    else down.delete(entry.slice(1));
    expect(down.size).toBeLessThanOrEqual(2);
  }
  expect(down.size).toBe(0);
});

it("kills in another order with another seed, and in the same one with the same", async () => {
  const [first, again, other] = [await rotation(5, 3), await rotation(5, 3), await rotation(6, 3)];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});

it("kills each part at least once, though the run is over at once", async () => {
  const { killed } = await rotation(5, 0);
  expect([...killed].sort()).toEqual([...PARTS].sort());
});
