import { type RawBuilder, sql } from "kysely";
import type { AuditedInvariant, Violation } from "../../domain/audit.ts";
import type { Database } from "../registry/database.ts";

/** Open claims may be this old before the audit calls them stuck; beyond every time-out of the Claim workflow. */
const BOUND_LIMIT = "40 minutes";
const WAITING_LIMIT = "20 minutes";
const PENDING_LIMIT = "4 days";
/** Beyond the grace of a living agent, and the time that Reconcile may take to put a lifecycle back to work. */
const EXPIRY_LIMIT = "15 minutes";

interface Check {
  invariant: AuditedInvariant;
  detail: string;
  /** Selects the `subject` of each breach. */
  query: RawBuilder<{ subject: string }>;
}

export const REGISTRY_CHECKS: readonly Check[] = [
  {
    invariant: "I1",
    detail: "the instance has more than one binding",
    query: sql`SELECT instance_id AS subject FROM bindings GROUP BY instance_id HAVING count(*) > 1`,
  },
  {
    invariant: "I1",
    detail: "the instance is idle although a claim had it",
    query: sql`SELECT i.id AS subject FROM instances i JOIN bindings b ON b.instance_id = i.id
      WHERE i.state IN ('provisioning', 'starting', 'idle')`,
  },
  {
    invariant: "I2",
    detail: "the claim has more than one live instance",
    query: sql`SELECT claim_id AS subject FROM bindings WHERE state = 'active' GROUP BY claim_id HAVING count(*) > 1`,
  },
  {
    invariant: "I2",
    detail: "the key of this claim has another open claim",
    query: sql`SELECT min(id) AS subject FROM claims WHERE state IN ('waiting', 'bound', 'pending', 'live')
      GROUP BY key_hash HAVING count(*) > 1`,
  },
  {
    invariant: "I3",
    detail: "the instance was started above target and surge",
    query: sql`SELECT id AS subject FROM instances WHERE plan_supply >= plan_limit`,
  },
  {
    invariant: "I5",
    detail: "the exploded instance has a resource without an outcome",
    query: sql`SELECT DISTINCT i.id AS subject FROM instances i JOIN resources r ON r.instance_id = i.id
      WHERE i.state = 'exploded' AND r.state <> 'settled'`,
  },
  {
    invariant: "I5",
    detail: "the exploded instance has a readable secret",
    query: sql`SELECT i.id AS subject FROM instances i WHERE i.state = 'exploded'
      AND (i.data_key IS NOT NULL OR EXISTS (SELECT 1 FROM secrets s WHERE s.instance_id = i.id))`,
  },
  {
    invariant: "I5",
    detail: "a text of the exploded instance's claim is still there",
    query: sql`SELECT i.id AS subject FROM instances i JOIN bindings b ON b.instance_id = i.id
      JOIN claims c ON c.id = b.claim_id
      WHERE i.state = 'exploded' AND c.state IN ('ended', 'failed', 'cancelled')
      AND (c.input IS NOT NULL OR c.result IS NOT NULL OR c.data_key IS NOT NULL)`,
  },
  {
    invariant: "I5",
    detail: "a message for the exploded instance is still there",
    query: sql`SELECT DISTINCT i.id AS subject FROM instances i JOIN inbound m ON m.instance_id = i.id
      WHERE i.state = 'exploded'`,
  },
  {
    invariant: "I5",
    detail: "the exploded instance has no receipt",
    query: sql`SELECT i.id AS subject FROM instances i LEFT JOIN receipts r ON r.instance_id = i.id
      WHERE i.state = 'exploded' AND r.instance_id IS NULL`,
  },
  {
    invariant: "I8",
    detail: "the claim neither ends nor is pending by its own rules",
    query: sql`SELECT id AS subject FROM claims WHERE
      (state = 'bound' AND state_since < now() - ${BOUND_LIMIT}::interval)
      OR (state = 'waiting' AND state_since < now() - ${WAITING_LIMIT}::interval)
      OR (state = 'pending' AND state_since < now() - ${PENDING_LIMIT}::interval)`,
  },
  {
    invariant: "I8",
    detail: "the instance goes on after the end that its people have set",
    query: sql`SELECT id AS subject FROM instances
      WHERE desired = 'present' AND expires_at < now() - ${EXPIRY_LIMIT}::interval`,
  },
  {
    invariant: "I9",
    detail: "an instance that served a claim was ended for a reason that only holds for unclaimed ones",
    query: sql`SELECT i.id AS subject FROM instances i JOIN bindings b ON b.instance_id = i.id
      WHERE b.state = 'ended' AND i.end_reason IN ('idle-lost', 'never-ready', 'drained', 'superseded')`,
  },
  {
    invariant: "I10",
    detail: "the instance ended without a reason",
    query: sql`SELECT id AS subject FROM instances WHERE state IN ('exploding', 'exploded') AND end_reason IS NULL`,
  },
  {
    invariant: "I10",
    detail: "the claim failed without a reason",
    query: sql`SELECT id AS subject FROM claims WHERE state = 'failed' AND failure_code IS NULL`,
  },
  {
    invariant: "I12",
    detail: "two instances share an external resource",
    // What an instance that nobody ever had has given on is nothing that was used.
    query: sql`SELECT min(r.instance_id) AS subject FROM resources r JOIN instances i ON i.id = r.instance_id
      WHERE r.external_id IS NOT NULL
      AND NOT (i.desired = 'absent' AND NOT EXISTS (SELECT 1 FROM bindings b WHERE b.instance_id = r.instance_id))
      GROUP BY r.provider, r.kind, r.external_id HAVING count(DISTINCT r.instance_id) > 1`,
  },
  {
    invariant: "I12",
    detail: "two instances share an inbox",
    query: sql`SELECT min(id) AS subject FROM instances WHERE inbox_id IS NOT NULL GROUP BY inbox_id HAVING count(*) > 1`,
  },
];

/** What Postgres alone can tell. */
export async function checkRegistry(db: Database): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const { invariant, detail, query } of REGISTRY_CHECKS) {
    const { rows } = await query.execute(db);
    for (const { subject } of rows) violations.push({ invariant, subject, detail });
  }
  return violations;
}
