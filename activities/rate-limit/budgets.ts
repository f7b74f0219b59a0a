import { type Static, Type } from "typebox";
import type { Database } from "../registry/database.ts";
import type { Budget, Rate } from "./budget.ts";
import { countedFetch } from "./counted-fetch.ts";

/** Of `PROVIDER_BUDGETS`: other rates than the default ones, by `account/bucket`. */
export type BudgetOverrides = Static<typeof BudgetOverrides>;
export const BudgetOverrides = Type.Record(
  Type.String(),
  Type.Object(
    {
      capacity: Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 }),
      refillPerSecond: Type.Number({ exclusiveMinimum: 0, maximum: 100_000 }),
    },
    { additionalProperties: false },
  ),
);

/** What each provider's account may be asked, all processes together. */
export class Budgets {
  readonly #db: Database;
  readonly #overrides: BudgetOverrides;

  constructor(db: Database, overrides: BudgetOverrides) {
    this.#db = db;
    this.#overrides = overrides;
  }

  rateOf(budget: Budget): Rate {
    return this.#overrides[`${budget.account}/${budget.bucket}`] ?? budget;
  }

  fetchFor(budget: Budget): typeof globalThis.fetch {
    const { account, bucket } = budget;
    const override = this.#overrides[`${account}/${bucket}`];
    return countedFetch(this.#db, override ? { account, bucket, ...override } : budget);
  }
}
