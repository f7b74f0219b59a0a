import { sql } from "kysely";
import { intakeClaim } from "../../activities/registry/intake.ts";
import { newInstanceId } from "../../activities/registry/new-id.ts";
import { resourceName } from "../../domain/ids.ts";
import { startTestRegistry, type TestRegistry } from "../testing/registry.ts";
import type { Output } from "./output.ts";
import type { Sample } from "./samples.ts";
import { postgresSyncModes } from "./sync-modes.ts";

const BATCH = 1_000;

export interface BindSuite {
  /** Idle instances to begin with; each bind takes one. */
  rows: number;
  seconds: number;
  /** Intakes at a time, each on a connection of its own. */
  concurrency: number;
}

/** The intake's transaction alone, straight on a durable Postgres: no HTTP, no Temporal, no agent. */
export async function bindSuite(output: Output, { rows, seconds, concurrency }: BindSuite): Promise<void> {
  await using test = await startTestRegistry(true);
  const { registry } = test;
  output.postgresSync(await postgresSyncModes(registry.db));
  await insertIdle(test, rows);
  output.say(`${rows} idle rows`);
  const samples = await output.run(`bind alone, ${rows} idle rows, ${concurrency} at a time`, () =>
    bindFor(test, seconds, concurrency),
  );
  const bound = samples.filter(({ liveMs }) => liveMs !== undefined);
  const lastMs = Math.max(...bound.map(({ dueMs, liveMs }) => dueMs + (liveMs ?? 0)));
  output.note(
    `${Math.round((bound.length / lastMs) * 1_000)} binds a second; ${rows - bound.length} rows left idle.`,
  );
}

/** Closed loop: each of them begins the next intake when its last one is committed. */
async function bindFor(test: TestRegistry, seconds: number, concurrency: number): Promise<Sample[]> {
  const { registry, pool } = test;
  const samples: Sample[] = [];
  const started = performance.now();
  const until = started + seconds * 1_000;
  await Promise.all(
    Array.from({ length: concurrency }, async (_, worker) => {
      for (let n = 0; performance.now() < until; n++) {
        const dueMs = performance.now() - started;
        const { instanceId } = await intakeClaim(registry, {
          pool,
          idempotencyKey: `bind-${worker}-${n}`,
          input: { instructions: "You are our trip planner" },
          onEmpty: "wait",
          inviteIdentity: undefined,
        });
        const tookMs = performance.now() - started - dueMs;
        const failure = instanceId === undefined ? "no-idle-row" : undefined;
        const liveMs = failure === undefined ? tookMs : undefined;
        samples.push({ dueMs, lateMs: 0, acknowledgedMs: undefined, liveMs, failure });
      }
    }),
  );
  return samples;
}

async function insertIdle({ registry, pool }: TestRegistry, rows: number): Promise<void> {
  for (let left = rows; left > 0; left -= BATCH) {
    const ids = Array.from({ length: Math.min(BATCH, left) }, newInstanceId);
    await registry.db
      .insertInto("instances")
      .values(
        ids.map((id) => ({
          id,
          pool,
          name: resourceName("cv", "test", id),
          generation: "g1",
          state: "idle" as const,
        })),
      )
      .execute();
  }
  await sql`VACUUM ANALYZE`.execute(registry.db);
}
