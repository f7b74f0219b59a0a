import { generateKeyPairSync, randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { setPool } from "../activities/registry/pools.ts";
import { readPool } from "../activities/registry/read-pool.ts";
import { type Fixture, startFixture } from "../api/testing/fixture.ts";
import { POOL } from "../api/testing/instances.ts";
import { compose } from "./compose.ts";
import { parseConfig } from "./config.ts";

const { privateKey } = generateKeyPairSync("ed25519");
let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

test.each([
  [{ POOL_TARGET: "2" }, 5],
  [{ POOL_TARGET: "2", POOL_RETARGET: "1" }, 2],
] as const)(
  "a worker that starts with %j finds a pool of 5 and leaves one of %i",
  async (environment, left) => {
    await setPool(fixture.registry, POOL, { target: 5 });
    const config = parseConfig({
      DATABASE_URL: fixture.databaseUrl,
      TEMPORAL_ADDRESS: fixture.temporalAddress,
      MASTER_KEY: randomBytes(32).toString("base64"),
      RECEIPT_KEY: privateKey.export({ format: "der", type: "pkcs8" }).toString("base64"),
      OPENROUTER_MANAGEMENT_KEY: "none",
      COMPUTE: "stand-in",
      STAND_IN_URL: "http://127.0.0.1:1",
      ...environment,
    });
    const composition = await compose(config, 1);
    await composition.close();
    expect((await readPool(fixture.registry, POOL)).target).toBe(left);
  },
);
