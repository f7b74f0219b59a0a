import { sql } from "kysely";
import {
  answerPlaces,
  postgresPlaces,
  processPlaces,
  providerPlaces,
  temporalPlaces,
} from "./canary-places.ts";
import { type Canary, findLeaks, findLeaksBelow, type Leak } from "./canary-search.ts";
import type { TestPlatform } from "./platform.ts";

/** Which canaries stand anywhere that somebody could read; `tokens`: of each kind of caller, by its name. */
export async function leaksOf(
  platform: TestPlatform,
  tokens: Readonly<Record<string, string | undefined>>,
  canaries: readonly Canary[],
): Promise<Leak[]> {
  const { db } = platform.registry;
  const programs = (["workers", "claims", "gateway"] as const).map((name) => platform.program(name).pid);
  const { rows } = await sql<{ data_directory: string }>`SHOW data_directory`.execute(db);
  const [instances, claims] = await Promise.all([
    db.selectFrom("instances").select("id").execute(),
    db.selectFrom("claims").select("id").execute(),
  ]);
  const ids = { instances: instances.map(({ id }) => id), claims: claims.map(({ id }) => id) };
  const places = [
    ...(await temporalPlaces(platform)),
    ...(await postgresPlaces(db)),
    ...(await processPlaces(new Set(programs))),
    ...(await providerPlaces(platform)),
    ...(await answerPlaces(platform, tokens, ids)),
  ];
  return [
    ...findLeaks(places, canaries),
    ...(await findLeaksBelow(platform.dir, "a log or a file of Temporal", canaries)),
    ...(await findLeaksBelow(rows[0]?.data_directory ?? "", "a file of Postgres", canaries)),
  ];
}
