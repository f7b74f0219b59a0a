import pg from "pg";
import { expect, test } from "vitest";
import { startTemporaryPostgres } from "../local/postgres/temporary.ts";
import { migrate } from "./migrate.ts";

test("several at once, on an empty database and on a migrated one, are as good as one", async () => {
  const postgres = await startTemporaryPostgres();
  const client = new pg.Client({ connectionString: postgres.url });
  try {
    await client.connect();
    const transitions = async () => {
      const { rows } = await client.query("SELECT * FROM transitions ORDER BY entity, from_state, to_state");
      return rows;
    };
    const many = () => Promise.all(Array.from({ length: 4 }, () => migrate(postgres.url)));
    await many();
    const first = await transitions();
    expect(first.length).toBeGreaterThan(10);
    await many();
    expect(await transitions()).toEqual(first);
  } finally {
    await client.end();
    await postgres.stop();
  }
});
