import type { ColumnType, Generated } from "kysely";
import type { BindingState } from "../../domain/binding-state.ts";
import type { ClaimState } from "../../domain/claim-state.ts";
import type { Timing } from "../../domain/equipment.ts";
import type { ErrorCode } from "../../domain/errors.ts";
import type { ClaimId, InstanceId, PoolName, ResourceName } from "../../domain/ids.ts";
import type { DropReason, InboundItem, InboundProvider } from "../../domain/inbound.ts";
import type { EndReason, InstanceState } from "../../domain/instance-state.ts";
import type { LeakVerdict } from "../../domain/leak.ts";
import type { Provider, ResourceOutcome, ResourceState } from "../../domain/resource-state.ts";
import type { RolloutStrategy } from "../../domain/rollout.ts";

/** A timestamp that the database fills in, and that may be set to an expression. */
type Stamp = ColumnType<Date, Date | undefined, Date>;

export interface PoolsTable {
  name: PoolName;
  target: number;
  surge: Generated<number>;
  generation: string;
  /** Why the pool makes no more instances; null while it does. */
  paused_reason: string | null;
  /** Instances asked for by an operator beyond the target, not yet started. */
  extra: Generated<number>;
  failures_in_a_row: Generated<number>;
  retry_after: Date | null;
  nudged_at: Date | null;
  number_timing: Generated<Timing>;
  wallet_timing: Generated<Timing>;
  /** The pool's own starts within any minute. */
  starts_per_minute: Generated<number>;
  /** Since an instance was planned, after which it is replaced while idle; 0 for never. */
  max_age_s: Generated<number>;
  paused_by: "operator" | "pool" | null;
  /** The last one that the workers were configured with. */
  configured_generation: string | null;
  rollout_strategy: Generated<RolloutStrategy>;
  /** Null when no rollout is under way. */
  rollout_since: Date | null;
  /** Failed starts of the new generation in a row. */
  rollout_failures: Generated<number>;
}

/** How the start of an instance ended; one that is under way has none. */
export interface StartOutcomesTable {
  instance_id: InstanceId;
  pool: PoolName;
  at: Stamp;
  /** What failed, as `<provider>/<code>` or `never-ready`; null for a success. */
  code: string | null;
}

/** An open breaker; a closed one has no row. */
export interface PoolBreakersTable {
  pool: PoolName;
  kind: BreakerKind;
  code: string;
  opened_at: Stamp;
  /** When a claim was let through last, to see. */
  trial_at: Date | null;
}
export type BreakerKind = "starts" | "claims";

export interface InstancesTable {
  id: InstanceId;
  pool: PoolName;
  name: ResourceName;
  generation: string;
  state: ColumnType<InstanceState, InstanceState | undefined, InstanceState>;
  state_since: Stamp;
  desired: ColumnType<"present" | "absent", "present" | undefined, "present" | "absent">;
  epoch: Generated<number>;
  /** The last epoch whose agent reported itself ready. */
  ready_epoch: Generated<number>;
  url: string | null;
  /** The agent's two inboxes, as it first proved or reported them; never changed after. */
  inbox_id: string | null;
  join_inbox_id: string | null;
  conversation_id: string | null;
  /** Sealed under the master key; null once purged, which makes the instance's secrets unreadable. */
  data_key: Buffer | null;
  end_reason: EndReason | null;
  /** When its conversation ends by its people's word; null while they have set nothing. */
  expires_at: Date | null;
  /** Idle and starting instances when this one was planned, and what they had to be below; null for an operator's. */
  plan_supply: number | null;
  plan_limit: number | null;
  created_at: Stamp;
  ended_at: Date | null;
}

export interface ClaimsTable {
  id: ClaimId;
  pool: PoolName;
  key_hash: Buffer;
  body_mac: Buffer;
  invite_hash: Buffer | null;
  on_empty: "wait" | "reject";
  state: ClaimState;
  state_since: Stamp;
  attempt: Generated<number>;
  /** A join request may have left the bound instance: the claim keeps that instance from now on. */
  join_sent: Generated<boolean>;
  failure_code: ErrorCode | null;
  data_key: Buffer | null;
  /** Sealed `ClaimInput`. */
  input: Buffer | null;
  /** Sealed `ClaimResult`. */
  result: Buffer | null;
  created_at: Stamp;
}

export interface BindingsTable {
  instance_id: InstanceId;
  claim_id: ClaimId;
  attempt: number;
  state: ColumnType<BindingState, BindingState | undefined, BindingState>;
  state_since: Stamp;
  bound_at: Stamp;
}

export interface ResourcesTable {
  id: Generated<string>;
  instance_id: InstanceId;
  provider: Provider;
  kind: string;
  name: ResourceName;
  external_id: string | null;
  state: ColumnType<ResourceState, ResourceState | undefined, ResourceState>;
  state_since: Stamp;
  ambiguous_since: Date | null;
  outcome: ColumnType<ResourceOutcome | null, string | undefined, string>;
  last_error: ErrorCode | null;
  /** The last try to make it that did not work. */
  tried_at: Date | null;
  intended_at: Stamp;
}

export interface SecretsTable {
  instance_id: InstanceId;
  kind: SecretKind;
  sealed: Buffer;
}

export type SecretKind = "instance-secret" | "state-key" | "model-key" | "mailbox-key" | "wallet-key";

export interface InstanceEventsTable {
  id: Generated<string>;
  instance_id: InstanceId;
  at: Stamp;
  kind: string;
  epoch: number | null;
  /** The agent's own count, for reports; null for what the platform noted. */
  sequence: number | null;
  /** Ids and codes only. */
  detail: string | null;
}

/** What an instance may spend on models, piece by piece. Amounts are micro-dollars, as text of a bigint. */
export interface GrantsTable {
  instance_id: InstanceId;
  kind: "allowance" | "top-up";
  reference: string;
  amount_micros: ColumnType<string, number, never>;
  usage_micros: ColumnType<string, number, never>;
  granted_at: Stamp;
}

export interface SpendTable {
  instance_id: InstanceId;
  limit_micros: ColumnType<string, number, number>;
  usage_micros: ColumnType<string, number, number>;
  exhausted_at: Date | null;
  checked_at: Stamp;
}

export interface SpendDaysTable {
  instance_id: InstanceId;
  day: string;
  usage_micros: ColumnType<string, number, number>;
  limit_micros: ColumnType<string, number, number>;
}

export interface ReceiptsTable {
  instance_id: InstanceId;
  body: string;
  signature: string;
  key_id: string;
  signed_at: Stamp;
}

/** Which account each provider's requests are made with, as the workers were started last. */
export interface ProviderAccountsTable {
  provider: Provider;
  /** Of the budgets. */
  account: string;
  configured: boolean;
}

/** A token bucket: what may be asked of a provider's account, and what was. */
export interface ProviderBudgetsTable {
  account: string;
  /** `requests`, or the name of a narrower limit of the same account. */
  bucket: string;
  capacity: number;
  refill_per_second: number;
  min_gap_ms: Generated<number>;
  /** As of `updated_at`. */
  tokens: number;
  /** When a token was last taken. */
  updated_at: Stamp;
  blocked_until: Date | null;
  /** Requests that were let through; those refused here; those the provider refused as too many. */
  taken: Generated<string>;
  refused: Generated<string>;
  throttled: Generated<string>;
}

export interface BootstrapTokensTable {
  instance_id: InstanceId;
  epoch: number;
  /** SHA-256 of the token, which is nowhere else than with its agent. */
  token_hash: Buffer;
  expires_at: Stamp;
}

/** What has come for an agent from outside, until it has fetched it; see `registry/inbound.ts`. */
export interface InboundTable {
  /** Cannot be guessed. */
  id: string;
  instance_id: InstanceId;
  provider: InboundProvider;
  /** The provider's own id of the event, the same when it is sent again. */
  event_id: string;
  kind: InboundItem["kind"];
  /** Sealed `OutsideMessage`; null once delivered. */
  sealed: Buffer | null;
  received_at: Stamp;
  /** How often its agent was told in vain, or told and has not fetched it. */
  attempts: Generated<number>;
  next_attempt_at: Stamp;
  delivered_at: Date | null;
}

/** How much was not kept, and why. */
export interface InboundDropsTable {
  provider: InboundProvider;
  reason: DropReason;
  count: ColumnType<string, number, number>;
  last_at: Stamp;
}

/** What a provider has and the ledger does not account for. */
export interface LeaksTable {
  provider: Provider;
  kind: string;
  external_id: string;
  name: string;
  verdict: LeakVerdict;
  first_seen_at: Stamp;
  last_seen_at: Stamp;
  removed_at: Date | null;
}

export interface Schema {
  leaks: LeaksTable;
  pools: PoolsTable;
  pool_breakers: PoolBreakersTable;
  start_outcomes: StartOutcomesTable;
  instances: InstancesTable;
  claims: ClaimsTable;
  bindings: BindingsTable;
  resources: ResourcesTable;
  secrets: SecretsTable;
  instance_events: InstanceEventsTable;
  receipts: ReceiptsTable;
  grants: GrantsTable;
  spend: SpendTable;
  spend_days: SpendDaysTable;
  bootstrap_tokens: BootstrapTokensTable;
  provider_accounts: ProviderAccountsTable;
  provider_budgets: ProviderBudgetsTable;
  inbound: InboundTable;
  inbound_drops: InboundDropsTable;
}
