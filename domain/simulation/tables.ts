import { BINDING_TRANSITIONS, type BindingState } from "../binding-state.ts";
import { CLAIM_TRANSITIONS, type ClaimState, OPEN_CLAIM_STATES } from "../claim-state.ts";
import type { ErrorCode } from "../errors.ts";
import { type EndReason, INSTANCE_TRANSITIONS, type InstanceState } from "../instance-state.ts";
import {
  type Provider,
  RESOURCE_TRANSITIONS,
  type ResourceOutcome,
  type ResourceState,
} from "../resource-state.ts";
import { canMove, type TransitionTable } from "../transition-table.ts";
import type { Rules } from "./rules.ts";

export interface PoolRow {
  target: number;
  surge: number;
  pausedReason: string | undefined;
  extra: number;
  failuresInARow: number;
  rolloutFailures: number;
  retryAfterMs: number;
  generation: number;
  isRollingOut: boolean;
  /** Idle ones are replaced when they are older. */
  maxAgeMs: number;
  startsPerMinute: number;
  /** What the last starts came to since one succeeded, the newest first. */
  failures: { atMs: number; code: string }[];
  /** Until then the breaker of claims is open. */
  claimsFailUntilMs: number;
}

export interface InstanceRow {
  id: string;
  generation: number;
  state: InstanceState;
  stateSinceMs: number;
  desired: "present" | "absent";
  epoch: number;
  readyEpoch: number;
  /** The epoch whose process listens at the stored address. */
  urlEpoch: number | undefined;
  inboxId: string | undefined;
  endReason: EndReason | undefined;
  /** Undefined for one that an operator asked for. */
  plan: { supply: number; limit: number } | undefined;
  /** By `provider/kind`: the id of the thing that its stored one-time secret belongs to. */
  secretOf: Map<string, string>;
  hasDataKey: boolean;
  createdMs: number;
  /** What stands in its events. */
  launchedMs: number[];
  reports: Set<string>;
  reportedEnd: EndReason | undefined;
  reportedExploded: boolean;
  faultedEpoch: number;
}

export interface ClaimRow {
  id: string;
  key: string;
  body: string;
  invite: string | undefined;
  state: ClaimState;
  stateSinceMs: number;
  attempt: number;
  joinSent: boolean;
  failureCode: ErrorCode | undefined;
  hasText: boolean;
  createdMs: number;
}

export interface BindingRow {
  instanceId: string;
  claimId: string;
  attempt: number;
  state: BindingState;
}

export interface ResourceRow {
  id: string;
  instanceId: string;
  provider: Provider;
  kind: string;
  name: string;
  /** `provider/kind/name`: where it is found. */
  place: string;
  externalId: string | undefined;
  state: ResourceState;
  stateSinceMs: number;
  outcome: ResourceOutcome | undefined;
  /** The last try that did not work. */
  triedMs: number | undefined;
}

/** What Postgres would have refused: the shells are to guard their statements so that it never comes to this. */
export class Refused extends Error {}

const OPEN: readonly ClaimState[] = OPEN_CLAIM_STATES;
export const isOpen = (claim: ClaimRow): boolean => OPEN.includes(claim.state);

/** The registry's tables with the constraints of their schema. Every write goes through one of these methods. */
export class Tables {
  readonly pool: PoolRow;
  readonly instances = new Map<string, InstanceRow>();
  readonly claims = new Map<string, ClaimRow>();
  readonly bindings: BindingRow[] = [];
  readonly resources: ResourceRow[] = [];
  readonly #rules: Rules;
  readonly #nowMs: () => number;
  readonly #note: (text: string) => void;

  constructor(pool: PoolRow, rules: Rules, nowMs: () => number, note: (text: string) => void) {
    this.pool = pool;
    this.#rules = rules;
    this.#nowMs = nowMs;
    this.#note = note;
  }

  instance(id: string): InstanceRow {
    return present(this.instances.get(id), id);
  }

  resource(id: string): ResourceRow {
    return present(
      this.resources.find((row) => row.id === id),
      id,
    );
  }

  addInstance(row: InstanceRow): void {
    const { plan } = row;
    if (this.#rules.plansBelowLimitBySql && plan && plan.supply >= plan.limit)
      throw new Refused("instances_planned_below_limit");
    this.instances.set(row.id, row);
    this.#note(`instance ${row.id} planned`);
  }

  /** False when its key or invite has an open claim. */
  addClaim(row: ClaimRow): boolean {
    if (this.#rules.opensOnceBySql && this.openClaim(row.key, row.invite)) return false;
    this.claims.set(row.id, row);
    return true;
  }

  removeClaim(id: string): void {
    this.claims.delete(id);
  }

  openClaim(key: string, invite: string | undefined): ClaimRow | undefined {
    const open = [...this.claims.values()].filter(isOpen);
    return (
      open.find((claim) => claim.key === key) ??
      open.find((claim) => invite !== undefined && claim.invite === invite)
    );
  }

  addBinding(row: BindingRow): void {
    if (this.#rules.bindsOnceBySql) {
      if (this.bindings.some((one) => one.instanceId === row.instanceId)) throw new Refused("bindings_pkey");
      if (this.activeBinding(row.claimId)) throw new Refused("bindings_active");
    }
    this.bindings.push(row);
  }

  activeBinding(claimId: string): BindingRow | undefined {
    return this.bindings.find((row) => row.claimId === claimId && row.state === "active");
  }

  activeClaimOf(instanceId: string): ClaimRow | undefined {
    const binding = this.bindings.find((row) => row.instanceId === instanceId && row.state === "active");
    return binding && this.claims.get(binding.claimId);
  }

  resourcesOf(instanceId: string): ResourceRow[] {
    return this.resources.filter((row) => row.instanceId === instanceId);
  }

  moveInstance(row: InstanceRow, to: InstanceState): void {
    this.#move(INSTANCE_TRANSITIONS, `instance ${row.id}`, row, to);
  }

  moveClaim(row: ClaimRow, to: ClaimState): void {
    this.#move(CLAIM_TRANSITIONS, `claim ${row.id}`, row, to);
    if (to === "failed" && row.failureCode === undefined) throw new Refused("claims: failed without a code");
  }

  moveBinding(row: BindingRow, to: BindingState): void {
    this.#move(BINDING_TRANSITIONS, `binding ${row.instanceId}/${row.claimId}`, row, to);
  }

  moveResource(row: ResourceRow, to: ResourceState): void {
    this.#move(RESOURCE_TRANSITIONS, `resource ${row.place}`, row, to);
    if (to === "active" && row.externalId === undefined) throw new Refused("resources: active without an id");
  }

  /** The fence: nothing is made for it from here on. */
  doom(row: InstanceRow, reason: EndReason): void {
    row.desired = "absent";
    if (this.#rules.endsWithReason) row.endReason = reason;
    this.moveInstance(row, "exploding");
    this.#note(`instance ${row.id} ends: ${reason}`);
  }

  #move<State extends string>(
    table: TransitionTable<State>,
    subject: string,
    row: { state: State; stateSinceMs?: number },
    to: State,
  ): void {
    if (row.state === to) return;
    if (!canMove(table, row.state, to))
      throw new Refused(`${subject} may not move from ${row.state} to ${to}`);
    this.#note(`${subject}: ${row.state} → ${to}`);
    row.state = to;
    if (row.stateSinceMs !== undefined) row.stateSinceMs = this.#nowMs();
  }
}

function present<T>(row: T | undefined, id: string): T {
  if (row === undefined) throw new Refused(`there is no ${id}`);
  return row;
}
