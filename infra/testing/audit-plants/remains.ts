import { sql } from "kysely";
import { claimKeyContext } from "../../../activities/registry/claim-texts.ts";
import { instanceKeyContext } from "../../../activities/registry/pools.ts";
import { inPostgres, type Plant } from "./plant.ts";

/** What is left in Postgres of an instance that is said to be gone. */
export const REMAINS_PLANTS: readonly Plant[] = [
  inPostgres(
    "I5",
    "the exploded instance has a resource without an outcome",
    "an open resource",
    ({ gone }) => ({
      subject: gone.instanceId,
      plant: [
        sql`ALTER TABLE resources DISABLE TRIGGER resources_transition`,
        sql`CREATE TABLE kept AS SELECT id, outcome FROM resources`,
        sql`UPDATE resources SET state = 'releasing', outcome = NULL
          WHERE instance_id = ${gone.instanceId} AND provider = 'openrouter'`,
      ],
      undo: [
        sql`UPDATE resources SET state = 'settled', outcome = kept.outcome FROM kept
          WHERE kept.id = resources.id AND instance_id = ${gone.instanceId}`,
        sql`DROP TABLE kept`,
        sql`ALTER TABLE resources ENABLE TRIGGER resources_transition`,
      ],
    }),
  ),
  inPostgres("I5", "the exploded instance has a readable secret", "a sealed secret", ({ gone }) => ({
    subject: gone.instanceId,
    plant: [
      sql`INSERT INTO secrets (instance_id, kind, sealed) VALUES (${gone.instanceId}, 'model-key', 'x')`,
    ],
    undo: [sql`DELETE FROM secrets WHERE instance_id = ${gone.instanceId}`],
  })),
  inPostgres("I5", "the exploded instance has a readable secret", "its key", async ({ gone, platform }) => ({
    subject: gone.instanceId,
    plant: [
      sql`UPDATE instances SET data_key = ${(await platform.registry.vault.newDataKey(instanceKeyContext(gone.instanceId))).sealed}
        WHERE id = ${gone.instanceId}`,
    ],
    undo: [sql`UPDATE instances SET data_key = NULL WHERE id = ${gone.instanceId}`],
  })),
  ...(["input", "result"] as const).map((column) =>
    inPostgres("I5", "a text of the exploded instance's claim is still there", column, ({ gone }) => ({
      subject: gone.instanceId,
      plant: [sql`UPDATE claims SET ${sql.ref(column)} = 'x' WHERE id = ${gone.claimId}`],
      undo: [sql`UPDATE claims SET ${sql.ref(column)} = NULL WHERE id = ${gone.claimId}`],
    })),
  ),
  inPostgres(
    "I5",
    "a text of the exploded instance's claim is still there",
    "its key",
    async ({ gone, platform }) => ({
      subject: gone.instanceId,
      plant: [
        sql`UPDATE claims SET data_key = ${(await platform.registry.vault.newDataKey(claimKeyContext(gone.claimId))).sealed}
          WHERE id = ${gone.claimId}`,
      ],
      undo: [sql`UPDATE claims SET data_key = NULL WHERE id = ${gone.claimId}`],
    }),
  ),
  inPostgres("I5", "a message for the exploded instance is still there", "a mail", ({ gone }) => ({
    subject: gone.instanceId,
    plant: [
      sql`INSERT INTO inbound (id, instance_id, provider, event_id, kind, sealed)
        VALUES ('planted', ${gone.instanceId}, 'agentmail', 'planted', 'mail', 'x')`,
    ],
    undo: [sql`DELETE FROM inbound WHERE id = 'planted'`],
  })),
  inPostgres("I5", "the exploded instance has no receipt", "a lost receipt", ({ gone }) => ({
    subject: gone.instanceId,
    plant: [sql`CREATE TABLE kept AS SELECT * FROM receipts`, sql`DELETE FROM receipts`],
    undo: [sql`INSERT INTO receipts SELECT * FROM kept`, sql`DROP TABLE kept`],
  })),
  ...(["body", "signature"] as const).map((column) =>
    inPostgres("I5", "the receipt's signature is wrong", `another ${column}`, ({ gone }) => ({
      subject: gone.instanceId,
      plant: [
        sql`CREATE TABLE kept AS SELECT * FROM receipts`,
        sql`UPDATE receipts SET ${sql.ref(column)} = reverse(${sql.ref(column)}) WHERE instance_id = ${gone.instanceId}`,
      ],
      undo: [sql`DELETE FROM receipts`, sql`INSERT INTO receipts SELECT * FROM kept`, sql`DROP TABLE kept`],
    })),
  ),
];
