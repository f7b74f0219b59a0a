import { type Static, Type } from "typebox";
import { TIMINGS } from "../domain/equipment.ts";
import { readEnvironment } from "../infra/config/environment.ts";
import { PlatformVariables, ReceiptKey } from "../infra/config/platform-variables.ts";
import { ComputeVariables } from "./compute-config.ts";
import { ProviderVariables } from "./provider-config.ts";

const Timing = (what: string) =>
  Type.Union(
    TIMINGS.map((timing) => Type.Literal(timing)),
    {
      default: "eager",
      description: `When agents get ${what}: before they are handed over, when they first ask, or never.`,
    },
  );

/** Everything a worker reads from its environment. */
export const WorkerEnvironment = Type.Object(
  {
    ...PlatformVariables,
    RECEIPT_KEY: ReceiptKey,
    BACKUP_RETENTION_H: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 87_600,
      description: "For how many hours backups of the database are kept; receipts say so. 0: none are made.",
    }),
    HISTORY_RETENTION_H: Type.Integer({
      default: 168,
      minimum: 1,
      maximum: 87_600,
      description: "The retention of Temporal's namespace in hours; receipts say so.",
    }),
    POOL_TARGET: Type.Integer({
      default: 1,
      minimum: 0,
      maximum: 500,
      description: "Idle agents to keep ready, when the pool is made.",
    }),
    POOL_RETARGET: Type.Union([Type.Literal("0"), Type.Literal("1")], {
      default: "0",
      description:
        "`1`: POOL_TARGET also replaces the target of a pool that exists, at every start of a worker.",
    }),
    POOL_SURGE: Type.Integer({
      default: 2,
      minimum: 1,
      maximum: 100,
      description: "Agents that may be starting at once.",
    }),
    POOL_NUMBER: Timing("phone numbers"),
    POOL_WALLET: Timing("wallets"),
    GENERATION: Type.String({
      default: "local-1",
      pattern: "^[A-Za-z0-9._-]{1,64}$",
      description: "Names the agent build and configuration.",
    }),
    ...ProviderVariables,
    ...ComputeVariables,
    QUARANTINE_MS: Type.Integer({
      default: 3_600_000,
      minimum: 0,
      maximum: 86_400_000,
      description: "How long a failed agent is kept aside, in milliseconds.",
    }),
  },
  { additionalProperties: false },
);
export type WorkerConfig = Readonly<Static<typeof WorkerEnvironment>>;

/** Throws a ConfigError that names every variable that is missing, invalid or unknown; values are not quoted. */
export const parseConfig = (variables: Readonly<Record<string, string | undefined>>): WorkerConfig =>
  readEnvironment(WorkerEnvironment, variables, WORKERS);

export const WORKERS = {
  name: "the workers",
  ownNames: /^(POOL|COMPUTE|RESOURCE|QUARANTINE|STAND_IN|PROVIDER)_/,
};
