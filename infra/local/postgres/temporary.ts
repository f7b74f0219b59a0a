import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningPostgres, startPostgres } from "../postgres.ts";
import { dropPostgresData } from "./home.ts";

export interface TemporaryPostgres extends RunningPostgres {
  /** Starts it again, on its port and with its data, after it has ended. */
  startAgain(): Promise<RunningPostgres>;
}

/**
 * A throw-away Postgres for one test file: starts in about two seconds, and `stop` also deletes its data. Without
 * fsync unless `durable`: nothing here outlives the machine.
 */
export async function startTemporaryPostgres(durable = false): Promise<TemporaryPostgres> {
  // Not mkdtemp: its folders are closed to the user that Postgres runs as when we are root.
  const dataDir = join(tmpdir(), `convos-postgres-${randomBytes(8).toString("hex")}`);
  try {
    const settings = durable ? [] : ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];
    const options = { dataDir, log: () => undefined, settings };
    const first = await startPostgres(options);
    let running = first;
    return {
      ...first,
      async startAgain() {
        running = await startPostgres({ ...options, port: Number(new URL(first.url).port) });
        return running;
      },
      async stop() {
        await running.stop();
        await dropPostgresData(dataDir);
      },
    };
  } catch (error) {
    await dropPostgresData(dataDir);
    throw error;
  }
}
