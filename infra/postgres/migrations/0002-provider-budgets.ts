import { type Kysely, sql } from "kysely";

/**
 * Token buckets for the requests to provider accounts. The two functions are the whole arithmetic of a bucket, so
 * that taking a token, waiting for one and showing what is left can never disagree.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE provider_budgets (
      account text NOT NULL,
      bucket text NOT NULL,
      capacity double precision NOT NULL CHECK (capacity >= 1),
      refill_per_second double precision NOT NULL CHECK (refill_per_second > 0),
      min_gap_ms double precision NOT NULL DEFAULT 0 CHECK (min_gap_ms >= 0),
      tokens double precision NOT NULL CHECK (tokens >= 0),
      updated_at timestamptz NOT NULL,
      blocked_until timestamptz,
      taken bigint NOT NULL DEFAULT 0,
      refused bigint NOT NULL DEFAULT 0,
      throttled bigint NOT NULL DEFAULT 0,
      PRIMARY KEY (account, bucket)
    )`.execute(db);
  await sql`
    CREATE FUNCTION budget_tokens(budget provider_budgets, at timestamptz)
    RETURNS double precision LANGUAGE sql STABLE AS $$
      SELECT least(budget.capacity, budget.tokens + budget.refill_per_second
        * greatest(0, extract(epoch FROM at - budget.updated_at)::double precision))
    $$`.execute(db);
  // A millionth of a token lets the sum of many small refills be the whole token that it is.
  await sql`
    CREATE FUNCTION budget_wait_ms(budget provider_budgets, cost double precision, at timestamptz)
    RETURNS double precision LANGUAGE sql STABLE AS $$
      SELECT greatest(
        0,
        CASE WHEN budget_tokens(budget, at) >= cost - 1e-6 THEN 0
          ELSE 1000 * (cost - budget_tokens(budget, at)) / budget.refill_per_second END,
        CASE WHEN budget.taken = 0 THEN 0
          ELSE budget.min_gap_ms - 1000 * greatest(0, extract(epoch FROM at - budget.updated_at)::double precision) END,
        1000 * extract(epoch FROM budget.blocked_until - at)::double precision)
    $$`.execute(db);
}
