import { sql } from "kysely";
import { newInstanceId } from "../../../activities/registry/new-id.ts";
import { extraClaim, inPostgres, type Plant } from "./plant.ts";

/** Far from every attempt that the registry counts. */
const ATTEMPT = 99;

/** Breaches of who has whom, for how long and why. */
export const OWNERSHIP_PLANTS: readonly Plant[] = [
  inPostgres("I1", "the instance has more than one binding", "a second binding", ({ live, gone }) => ({
    subject: live.instanceId,
    plant: [
      sql`ALTER TABLE bindings DROP CONSTRAINT bindings_pkey`,
      sql`INSERT INTO bindings (instance_id, claim_id, attempt, state)
        VALUES (${live.instanceId}, ${gone.claimId}, ${ATTEMPT}, 'abandoned')`,
    ],
    undo: [
      sql`DELETE FROM bindings WHERE attempt = ${ATTEMPT}`,
      sql`ALTER TABLE bindings ADD PRIMARY KEY (instance_id)`,
    ],
  })),
  inPostgres("I1", "the instance is idle although a claim had it", "a used one", ({ idle, gone }) => ({
    subject: idle.instanceId,
    plant: [
      sql`INSERT INTO bindings (instance_id, claim_id, attempt, state)
        VALUES (${idle.instanceId}, ${gone.claimId}, ${ATTEMPT}, 'abandoned')`,
    ],
    undo: [sql`DELETE FROM bindings WHERE attempt = ${ATTEMPT}`],
  })),
  inPostgres("I2", "the claim has more than one live instance", "a second instance", ({ live }) => {
    const spare = newInstanceId();
    return {
      subject: live.claimId,
      plant: [
        sql`DROP INDEX bindings_active`,
        sql`INSERT INTO instances (id, pool, name, generation, state)
          VALUES (${spare}, 'default', ${`cv-test-${spare}`}, 'g1', 'claimed')`,
        sql`INSERT INTO bindings (instance_id, claim_id, attempt) VALUES (${spare}, ${live.claimId}, ${ATTEMPT})`,
      ],
      undo: [
        sql`DELETE FROM bindings WHERE instance_id = ${spare}`,
        sql`DELETE FROM instances WHERE id = ${spare}`,
        sql`CREATE UNIQUE INDEX bindings_active ON bindings (claim_id) WHERE state = 'active'`,
      ],
    };
  }),
  inPostgres("I2", "the key of this claim has another open claim", "a key twice", ({ live }) => {
    const { id, insert, remove } = extraClaim("pending");
    return {
      subject: [id, live.claimId].sort().at(0) ?? "",
      plant: [
        sql`DROP INDEX claims_open_key`,
        insert,
        sql`UPDATE claims SET key_hash = (SELECT key_hash FROM claims WHERE id = ${live.claimId}) WHERE id = ${id}`,
      ],
      undo: [
        remove,
        sql`CREATE UNIQUE INDEX claims_open_key ON claims (key_hash)
          WHERE state IN ('waiting', 'bound', 'pending', 'live')`,
      ],
    };
  }),
  inPostgres("I3", "the instance was started above target and surge", "one too many", ({ idle }) => ({
    subject: idle.instanceId,
    plant: [
      sql`ALTER TABLE instances DROP CONSTRAINT instances_planned_below_limit`,
      sql`UPDATE instances SET plan_supply = plan_supply + 100 WHERE id = ${idle.instanceId}`,
    ],
    undo: [
      sql`UPDATE instances SET plan_supply = plan_supply - 100 WHERE id = ${idle.instanceId}`,
      sql`ALTER TABLE instances ADD CONSTRAINT instances_planned_below_limit
        CHECK (plan_supply IS NULL OR plan_supply < plan_limit)`,
    ],
  })),
  ...stuckClaims(),
  inPostgres(
    "I8",
    "the instance goes on after the end that its people have set",
    "an end long past",
    ({ live }) => ({
      subject: live.instanceId,
      plant: [
        sql`UPDATE instances SET expires_at = now() - interval '16 minutes' WHERE id = ${live.instanceId}`,
      ],
      undo: [sql`UPDATE instances SET expires_at = NULL WHERE id = ${live.instanceId}`],
    }),
  ),
  inPostgres(
    "I9",
    "an instance that served a claim was ended for a reason that only holds for unclaimed ones",
    "a failed probe",
    ({ gone }) => ({
      subject: gone.instanceId,
      plant: [sql`UPDATE instances SET end_reason = 'idle-lost' WHERE id = ${gone.instanceId}`],
      undo: [sql`UPDATE instances SET end_reason = 'operator' WHERE id = ${gone.instanceId}`],
    }),
  ),
  inPostgres("I10", "the instance ended without a reason", "no reason", ({ gone }) => ({
    subject: gone.instanceId,
    plant: [
      sql`ALTER TABLE instances DROP CONSTRAINT instances_end_has_reason`,
      sql`UPDATE instances SET end_reason = NULL WHERE id = ${gone.instanceId}`,
    ],
    undo: [
      sql`UPDATE instances SET end_reason = 'operator' WHERE id = ${gone.instanceId}`,
      sql`ALTER TABLE instances ADD CONSTRAINT instances_end_has_reason
        CHECK (desired = 'present' OR end_reason IS NOT NULL)`,
    ],
  })),
  inPostgres("I10", "the claim failed without a reason", "no code", () => {
    const { id, insert, remove } = extraClaim("failed");
    return {
      subject: id,
      plant: [sql`ALTER TABLE claims DROP CONSTRAINT claims_check`, insert],
      undo: [
        remove,
        sql`ALTER TABLE claims ADD CONSTRAINT claims_check CHECK (state <> 'failed' OR failure_code IS NOT NULL)`,
      ],
    };
  }),
  inPostgres("I12", "two instances share an external resource", "one key for two", ({ idle, live }) => ({
    subject: [idle.instanceId, live.instanceId].sort().at(0) ?? "",
    plant: [
      sql`CREATE TABLE kept AS SELECT id, external_id FROM resources`,
      sql`UPDATE resources SET external_id = (SELECT external_id FROM resources
          WHERE instance_id = ${live.instanceId} AND provider = 'openrouter')
        WHERE instance_id = ${idle.instanceId} AND provider = 'openrouter'`,
    ],
    undo: [
      sql`UPDATE resources SET external_id = kept.external_id FROM kept WHERE kept.id = resources.id`,
      sql`DROP TABLE kept`,
    ],
  })),
  inPostgres("I12", "two instances share an inbox", "one inbox for two", ({ idle, live }) => ({
    subject: [idle.instanceId, live.instanceId].sort().at(0) ?? "",
    plant: [
      sql`CREATE TABLE kept AS SELECT id, inbox_id FROM instances`,
      sql`UPDATE instances SET inbox_id = (SELECT inbox_id FROM instances WHERE id = ${live.instanceId})
        WHERE id = ${idle.instanceId}`,
    ],
    undo: [
      sql`UPDATE instances SET inbox_id = kept.inbox_id FROM kept WHERE kept.id = instances.id`,
      sql`DROP TABLE kept`,
    ],
  })),
];

/** Each older than the rules of its state allow. */
function stuckClaims(): Plant[] {
  const limits = [
    ["bound", "41 minutes"],
    ["waiting", "21 minutes"],
    ["pending", "97 hours"],
  ] as const;
  return limits.map(([state, age]) =>
    inPostgres("I8", "the claim neither ends nor is pending by its own rules", `${state} too long`, () => {
      const { id, insert, remove } = extraClaim(state, age);
      return { subject: id, plant: [insert], undo: [remove] };
    }),
  );
}
