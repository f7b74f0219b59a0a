import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "./eventually.ts";
import { TestPlatform } from "./platform.ts";

let platform: TestPlatform;

beforeAll(async () => {
  platform = await TestPlatform.start({ target: 2, surge: 2, compute: "stand-in" });
  await platform.run("workers", "claims", "gateway");
  await eventually("2 are idle", async () => (await platform.counts()).idle === 2, 60_000);
}, 120_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
});

const generations = async (state: string): Promise<string[]> => {
  const rows = await platform.registry.db
    .selectFrom("instances")
    .select("generation")
    .where("state", "=", state === "claimed" ? "claimed" : "idle")
    .where("desired", "=", "present")
    .execute();
  return rows.map(({ generation }) => generation).sort();
};
const ends = async (): Promise<string[]> => {
  const rows = await platform.registry.db
    .selectFrom("instances")
    .select("end_reason")
    .where("state", "=", "exploded")
    .execute();
  return rows.map(({ end_reason }) => String(end_reason));
};

it("replaces the idle agents of the old generation, never below the target, and leaves the claimed one", async () => {
  expect(await platform.claim("before")).toMatchObject({ status: 200 });
  await eventually("2 are idle again", async () => (await platform.counts()).idle === 2, 60_000);
  let lowest = 2;
  const rolledOut = await platform.request("POST", "/api/pool/rollout", {
    generation: "g2",
    strategy: "Recreate",
  });
  expect(rolledOut).toMatchObject({ status: 200, body: { generation: "g2", stale: 2 } });
  await eventually(
    "both are of the new generation",
    async () => {
      const idle = await generations("idle");
      lowest = Math.min(lowest, idle.length);
      return idle.length === 2 && idle.every((generation) => generation === "g2");
    },
    90_000,
  );
  expect(lowest).toBe(2);
  expect(await generations("claimed")).toEqual(["local-1"]);
  await eventually("the old ones are gone", async () => (await ends()).length === 2, 60_000);
  expect(await ends()).toEqual(["superseded", "superseded"]);
  await eventually("the rollout is over", async () => {
    const { rollout, why } = (await platform.request("GET", "/api/pool")).body;
    return why === "The pool is full: 2 of 2 idle." && Object(rollout).since === null;
  });
}, 180_000);

it("replaces an idle agent that is too old, and refuses what is not a setting", async () => {
  const old = await platform.registry.db
    .updateTable("instances")
    .set({ created_at: new Date(Date.now() - 25 * 3_600_000) })
    .where("state", "=", "idle")
    .returning("id")
    .execute();
  expect((await platform.request("PUT", "/api/pool/max-age", { hours: 24 })).status).toBe(200);
  await eventually("both are replaced", async () => (await ends()).length === 2 + old.length, 90_000);
  expect(await generations("idle")).toEqual(["g2", "g2"]);
  expect((await platform.request("PUT", "/api/pool/rate", { startsPerMinute: 0 })).status).toBe(400);
  // Whoever sends an update by hand is refused before it is in the history.
  const handle = platform.temporal.workflow.getHandle("pool/default");
  await expect(handle.executeUpdate("setRate", { args: [0] })).rejects.toThrow();
  await expect(handle.executeUpdate("rollout", { args: ["g3", "AllAtOnce"] })).rejects.toThrow();
  const { body } = await platform.request("POST", "/api/pool/audit", {});
  expect(body).toEqual({ violations: [] });
}, 180_000);
