import { PlatformError } from "../../errors.ts";
import type { Flow } from "../engine/scheduler.ts";
import type { ClaimRow, InstanceRow } from "../tables.ts";
import type { World } from "../world.ts";
import { bindOldestIdle } from "./bind.ts";

export interface ClaimRequest {
  key: string;
  body: string;
  invite: string | undefined;
  onEmpty: "wait" | "reject";
}

export interface Intake {
  claim: ClaimRow;
  created: boolean;
  instance: InstanceRow | undefined;
}

/** Takes a claim in, in one transaction: its row, and its binding or its place in the queue. */
export function* intakeClaim(world: World, request: ClaimRequest): Flow<Intake> {
  const { tables, nowMs } = world;
  const { key, body, invite, onEmpty } = request;
  const claim: ClaimRow = {
    id: world.newId("c"),
    key,
    body,
    invite,
    state: "waiting",
    stateSinceMs: nowMs,
    attempt: 0,
    joinSent: false,
    failureCode: undefined,
    hasText: true,
    createdMs: nowMs,
  };
  if (!tables.addClaim(claim)) return existing(world, request);
  const instance = yield* bindOldestIdle(world, claim);
  if (!instance && onEmpty === "reject") {
    tables.removeClaim(claim.id);
    throw new PlatformError("pool-empty");
  }
  world.note(`claim ${claim.id} taken in${instance ? ` with ${instance.id}` : ""}`);
  return { claim, created: true, instance };
}

function existing({ tables }: World, { key, body, invite }: ClaimRequest): Intake {
  const claim = tables.openClaim(key, invite);
  if (!claim) throw new PlatformError("unavailable");
  if (claim.key === key && claim.body !== body) throw new PlatformError("idempotency-key-reused");
  return { claim, created: false, instance: undefined };
}
