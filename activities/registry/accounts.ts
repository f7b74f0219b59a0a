import { PROVIDERS } from "../../domain/resource-state.ts";
import type { ResourceCatalogue } from "../resources/catalogue.ts";
import type { Registry } from "./registry.ts";

/** Writes down which providers this installation has an account with, for those who only look. */
export async function recordAccounts(
  { db }: Registry,
  resources: ResourceCatalogue,
  computeKind: string,
): Promise<void> {
  const equipped = new Set(resources.all().map(({ provider }) => provider));
  const accounts = PROVIDERS.map((provider) => ({
    provider,
    account: provider === "compute" ? computeKind : provider,
    configured: provider === "compute" || equipped.has(provider),
  }));
  await db
    .insertInto("provider_accounts")
    .values(accounts)
    .onConflict((conflict) =>
      conflict.column("provider").doUpdateSet((eb) => ({
        account: eb.ref("excluded.account"),
        configured: eb.ref("excluded.configured"),
      })),
    )
    .execute();
}

export async function configuredProviders({ db }: Registry): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom("provider_accounts")
    .select("provider")
    .where("configured", "=", true)
    .execute();
  return new Set(rows.map(({ provider }) => provider));
}
