import { sql } from "kysely";
import { PlatformError } from "../../domain/errors.ts";
import type { Querier } from "../registry/database.ts";
import { type BucketName, type Budget, budgetOf, type Rate } from "./budget.ts";

/** `waitMs`: when to ask again; somebody else may have been faster then. */
export type Taken = { granted: true } | { granted: false; waitMs: number };

export interface TakeOptions {
  /** Tokens, at most the capacity; default 1. */
  cost?: number;
  /** The database's clock when not given. */
  now?: Date;
}

/** Lets 500.0000001 ms be the 500 ms that they are. */
const ROUNDING_MS = 1e-3;

/**
 * Takes tokens from the bucket, which is made full when it is new. It is one statement, which locks the bucket's row:
 * however many processes share it, they never exceed its rate.
 */
export async function takeToken(db: Querier, budget: Budget, options: TakeOptions = {}): Promise<Taken> {
  const { account, bucket, capacity, refillPerSecond, minGapMs = 0 } = budget;
  const cost = options.cost ?? 1;
  if (!(cost > 0 && cost <= capacity)) throw new RangeError(`a bucket of ${capacity} cannot give ${cost}`);
  const at = sql`COALESCE(${options.now ?? null}::timestamptz, now())`;
  const taken = await sql`
    INSERT INTO provider_budgets AS budget
      (account, bucket, capacity, refill_per_second, min_gap_ms, tokens, updated_at, taken)
    VALUES (${account}, ${bucket}, ${capacity}, ${refillPerSecond}, ${minGapMs},
      ${capacity}::double precision - ${cost}::double precision, ${at}, 1)
    ON CONFLICT (account, bucket) DO UPDATE SET
      capacity = excluded.capacity,
      refill_per_second = excluded.refill_per_second,
      min_gap_ms = excluded.min_gap_ms,
      tokens = greatest(0, least(excluded.capacity, budget_tokens(budget, ${at})) - ${cost}),
      updated_at = greatest(budget.updated_at, ${at}),
      taken = budget.taken + 1
    WHERE budget_wait_ms(budget, ${cost}, ${at}) <= 0
    RETURNING 1`.execute(db);
  if (taken.rows.length > 0) return { granted: true };
  const { rows } = await sql<{ wait_ms: number }>`
    SELECT budget_wait_ms(budget, ${cost}, ${at}) AS wait_ms
    FROM provider_budgets AS budget WHERE account = ${account} AND bucket = ${bucket}`.execute(db);
  return { granted: false, waitMs: Math.max(1, Math.ceil((rows[0]?.wait_ms ?? 0) - ROUNDING_MS)) };
}

/** Takes one token of a narrower limit, such as `railway/project-create`, or throws `throttled` at once. */
export async function takeOrThrow(
  db: Querier,
  bucketName: BucketName,
  rate: Rate,
  options: TakeOptions = {},
): Promise<void> {
  const budget = budgetOf(bucketName, rate);
  const taken = await takeToken(db, budget, options);
  if (!taken.granted) throw await refusal(db, budget, taken.waitMs);
}

/** Notes that a request was not sent for want of a token, and makes the error that says so. */
export async function refusal(db: Querier, budget: Budget, retryAfterMs: number): Promise<PlatformError> {
  await db
    .updateTable("provider_budgets")
    .set((eb) => ({ refused: eb("refused", "+", "1") }))
    .where("account", "=", budget.account)
    .where("bucket", "=", budget.bucket)
    .execute();
  const detail = `the budget ${budget.account}/${budget.bucket} is used up`;
  return new PlatformError("throttled", { detail, retryAfterMs });
}

/** The provider said that there were too many requests: nobody asks it again before it allows. */
export async function recordThrottled(
  db: Querier,
  budget: Budget,
  retryAfterMs: number,
  now?: Date,
): Promise<void> {
  const until = sql<Date>`COALESCE(${now ?? null}::timestamptz, now()) + ${retryAfterMs} * interval '1 millisecond'`;
  await db
    .updateTable("provider_budgets")
    .set((eb) => ({
      throttled: eb("throttled", "+", "1"),
      blocked_until: sql<Date>`greatest(blocked_until, ${until})`,
    }))
    .where("account", "=", budget.account)
    .where("bucket", "=", budget.bucket)
    .execute();
}
