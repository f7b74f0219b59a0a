import { sql } from "kysely";
import { PlatformError } from "../../domain/errors.ts";
import type { InstanceId } from "../../domain/ids.ts";
import { EXHAUSTED_BELOW, INITIAL_LIMIT, type Micros, monthOf } from "../../domain/money.ts";
import type { Registry } from "./registry.ts";

export interface Grant {
  kind: "allowance" | "top-up";
  /** The month of an allowance, the payer's reference of a top-up: each is given once. */
  reference: string;
  amount: Micros;
  /** What had been used when it was given. */
  usage: Micros;
}

export interface Spend {
  /** The sum of all grants: what the key's limit has to be. */
  granted: Micros;
  /** The key's limit as it was set last. */
  limit: Micros;
  /** As the provider said last; it lags behind by moments. */
  usage: Micros;
  exhaustedAt: Date | undefined;
  checkedAt: Date | undefined;
  grants: readonly Grant[];
}

export async function readSpend({ db }: Registry, id: InstanceId): Promise<Spend> {
  const row = await db.selectFrom("spend").selectAll().where("instance_id", "=", id).executeTakeFirst();
  const rows = await db
    .selectFrom("grants")
    .selectAll()
    .where("instance_id", "=", id)
    .orderBy("granted_at")
    .execute();
  const grants = rows.map(
    ({ kind, reference, amount_micros, usage_micros }): Grant => ({
      kind,
      reference,
      amount: Number(amount_micros),
      usage: Number(usage_micros),
    }),
  );
  return {
    granted: grants.reduce((sum, { amount }) => sum + amount, INITIAL_LIMIT),
    limit: Number(row?.limit_micros ?? INITIAL_LIMIT),
    usage: Number(row?.usage_micros ?? 0),
    exhaustedAt: row?.exhausted_at ?? undefined,
    checkedAt: row?.checked_at,
    grants,
  };
}

/** Whether the key's limit is not what it has to be: this month's allowance is due, or a grant is not applied. */
export function isCreditDue(spend: Spend, now: Date): boolean {
  const month = monthOf(now);
  const hasAllowance = spend.grants.some(
    ({ kind, reference }) => kind === "allowance" && reference === month,
  );
  return !hasAllowance || spend.granted !== spend.limit;
}

/** Gives it once. Throws `conflict` when the reference was used with another amount. */
export async function giveGrant({ db }: Registry, id: InstanceId, grant: Grant): Promise<void> {
  const { kind, reference, amount, usage } = grant;
  await db
    .insertInto("grants")
    .values({ instance_id: id, kind, reference, amount_micros: amount, usage_micros: usage })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  if (kind === "allowance") return;
  const given = await db
    .selectFrom("grants")
    .select("amount_micros")
    .where("instance_id", "=", id)
    .where("kind", "=", kind)
    .where("reference", "=", reference)
    .executeTakeFirstOrThrow();
  if (Number(given.amount_micros) !== amount)
    throw new PlatformError("conflict", { detail: "the reference was used with another amount" });
}

/**
 * Writes down what a key may spend and has spent, for today as well. True when it has just run out; one whose limit
 * leaves room again is not exhausted any more.
 */
export async function recordSpend(
  { db }: Registry,
  id: InstanceId,
  { limit, usage }: { limit: Micros; usage: Micros },
): Promise<boolean> {
  const isOut = limit - usage < EXHAUSTED_BELOW;
  return db.transaction().execute(async (tx) => {
    const before = await tx
      .selectFrom("spend")
      .select("exhausted_at")
      .where("instance_id", "=", id)
      .forUpdate()
      .executeTakeFirst();
    const values = { limit_micros: limit, usage_micros: usage };
    const state = {
      ...values,
      checked_at: sql<Date>`now()`,
      exhausted_at: isOut ? (before?.exhausted_at ?? sql<Date>`now()`) : null,
    };
    await tx
      .insertInto("spend")
      .values({ instance_id: id, ...state })
      .onConflict((conflict) => conflict.column("instance_id").doUpdateSet(state))
      .execute();
    await tx
      .insertInto("spend_days")
      .values({ instance_id: id, day: sql<string>`(now() AT TIME ZONE 'UTC')::date`, ...values })
      .onConflict((conflict) => conflict.columns(["instance_id", "day"]).doUpdateSet(values))
      .execute();
    return isOut && !before?.exhausted_at;
  });
}

/** What was written down today already, as `limit/usage` by instance: the same again is not written. */
export async function readSpendOfToday({ db }: Registry): Promise<ReadonlyMap<InstanceId, string>> {
  const rows = await db
    .selectFrom("spend_days")
    .select(["instance_id", "limit_micros", "usage_micros"])
    .where(sql<boolean>`day = (now() AT TIME ZONE 'UTC')::date`)
    .execute();
  return new Map(rows.map((row) => [row.instance_id, `${row.limit_micros}/${row.usage_micros}`]));
}

export interface SpendDay {
  /** `YYYY-MM-DD`, UTC. */
  day: string;
  usage: Micros;
  limit: Micros;
}

const MAX_DAYS = 400;

/** The usage is that since the agent was made, as it stood at the end of the day or last within it. */
export async function readSpendDays({ db }: Registry, id: InstanceId): Promise<SpendDay[]> {
  const rows = await db
    .selectFrom("spend_days")
    .select(["usage_micros", "limit_micros", sql<string>`day::text`.as("day")])
    .where("instance_id", "=", id)
    .orderBy("spend_days.day", "desc")
    .limit(MAX_DAYS)
    .execute();
  return rows.map((row) => ({
    day: row.day,
    usage: Number(row.usage_micros),
    limit: Number(row.limit_micros),
  }));
}
