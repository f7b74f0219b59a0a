import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningPostgres, startPostgres } from "../postgres.ts";
import { dropPostgresData } from "./home.ts";

/**
 * A throw-away Postgres for one test file: starts in about two seconds, and `stop` also deletes its data. Without
 * fsync unless `durable`: nothing here outlives the machine.
 */
export async function startTemporaryPostgres(
  durable = false,
): Promise<Pick<RunningPostgres, "url" | "stop">> {
  // Not mkdtemp: its folders are closed to the user that Postgres runs as when we are root.
  const dataDir = join(tmpdir(), `convos-postgres-${randomBytes(8).toString("hex")}`);
  try {
    const settings = durable ? [] : ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];
    const { url, stop } = await startPostgres({ dataDir, log: () => undefined, settings });
    return {
      url,
      stop: async () => {
        await stop();
        await dropPostgresData(dataDir);
      },
    };
  } catch (error) {
    await dropPostgresData(dataDir);
    throw error;
  }
}
