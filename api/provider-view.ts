import { sql } from "kysely";
import type { Registry } from "../activities/registry/registry.ts";
import type { ErrorCode } from "../domain/errors.ts";
import { PROVIDERS, type Provider, type ResourceState } from "../domain/resource-state.ts";
import type { ProviderList } from "./schemas/provider.ts";

/** An account at a provider, as its requests are counted. */
interface ProviderAccount {
  /** Of the ledger. */
  provider: Provider;
  /** Of the budgets. */
  account: string;
  configured: boolean;
}

/** What may be asked of each account now, what was asked, and what the ledger has there that has not ended. */
export async function viewProviders(registry: Registry): Promise<ProviderList> {
  const [accounts, buckets, counts, errors] = await Promise.all([
    readAccounts(registry),
    readBuckets(registry),
    countResources(registry),
    readLastErrors(registry),
  ]);
  return {
    providers: accounts.map(({ provider, account, configured }) => {
      const resources: Record<string, Partial<Record<ResourceState, number>>> = {};
      for (const { kind, state, n } of counts.filter((row) => row.provider === provider))
        resources[kind] = { ...resources[kind], [state]: Number(n) };
      return {
        ...{ provider, account, configured },
        buckets: buckets.filter((row) => row.account === account).map(viewBucket),
        resources,
        lastError: errors.find((row) => row.provider === provider)?.last_error ?? null,
      };
    }),
  };
}

/** What the workers wrote down; a provider that they did not is not configured. */
async function readAccounts({ db }: Registry): Promise<ProviderAccount[]> {
  const rows = await db.selectFrom("provider_accounts").selectAll().execute();
  return PROVIDERS.map(
    (provider) =>
      rows.find((row) => row.provider === provider) ?? { provider, account: provider, configured: false },
  );
}

const readBuckets = ({ db }: Registry) =>
  db
    .selectFrom("provider_budgets as budget")
    .selectAll()
    .select(sql<number>`budget_tokens(budget, now())`.as("left"))
    .select(sql<Date | null>`CASE WHEN blocked_until > now() THEN blocked_until END`.as("blocked"))
    .orderBy("account")
    .orderBy("bucket")
    .execute();

function viewBucket(
  row: Awaited<ReturnType<typeof readBuckets>>[number],
): ProviderList["providers"][number]["buckets"][number] {
  return {
    bucket: row.bucket,
    tokens: Math.floor(row.left * 100) / 100,
    capacity: row.capacity,
    refillPerSecond: row.refill_per_second,
    minGapMs: row.min_gap_ms,
    blockedUntil: row.blocked?.toISOString() ?? null,
    requests: Number(row.taken),
    refused: Number(row.refused),
    throttled: Number(row.throttled),
  };
}

const countResources = ({ db }: Registry) =>
  db
    .selectFrom("resources")
    .select(["provider", "kind", "state", (eb) => eb.fn.countAll<string>().as("n")])
    .where("state", "<>", "settled")
    .groupBy(["provider", "kind", "state"])
    .orderBy("kind")
    .execute();

const readLastErrors = ({ db }: Registry): Promise<{ provider: Provider; last_error: ErrorCode | null }[]> =>
  db
    .selectFrom("resources")
    .select(["provider", "last_error"])
    .distinctOn("provider")
    .where("state", "<>", "settled")
    .where("last_error", "is not", null)
    .orderBy("provider")
    .orderBy("state_since", "desc")
    .execute();
