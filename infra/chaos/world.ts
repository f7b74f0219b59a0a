import { Type } from "typebox";
import { Value } from "typebox/value";
import { AuditBody } from "../../api/schemas/audit.ts";
import type { Violation } from "../../domain/audit.ts";
import type { BindingState } from "../../domain/binding-state.ts";
import type { ClaimState } from "../../domain/claim-state.ts";
import type { InstanceState } from "../../domain/instance-state.ts";
import type { ResourceState } from "../../domain/resource-state.ts";
import type { TestPlatform } from "../testing/platform.ts";
import type { Maxima } from "./maxima.ts";

/** What is there when everything has come to rest: the registry, and what the providers' doubles really hold. */
export interface World {
  claims: readonly { id: string; keyHash: string; state: ClaimState; failureCode: string | null }[];
  instances: readonly {
    id: string;
    name: string;
    state: InstanceState;
    endReason: string | null;
    hasReceipt: boolean;
  }[];
  bindings: readonly { instanceId: string; claimId: string; state: BindingState }[];
  resources: readonly { provider: string; name: string; state: ResourceState; isAbsent: boolean }[];
  /** What each provider has, by the name of the resource; a name twice is two things. */
  inventory: Readonly<Record<"compute" | "openrouter", readonly string[]>>;
  /** Instances whose plan was above target and surge. */
  plannedAboveLimit: readonly string[];
  maxima: Maxima;
  /** What `maxima` may come to. */
  bounds: { starting: number; supply: number };
  audit: readonly Violation[];
}

const Hosted = Type.Object({ agents: Type.Array(Type.Object({ name: Type.String() })) });
/** Reads all of it, past the gateway but for the audit, which is the platform's own. */
export async function readWorld(
  platform: TestPlatform,
  observed: Pick<World, "maxima" | "bounds">,
): Promise<World> {
  const { db } = platform.registry;
  const claims = await db.selectFrom("claims").select(["id", "key_hash", "state", "failure_code"]).execute();
  const instances = await db
    .selectFrom("instances")
    .leftJoin("receipts", "receipts.instance_id", "instances.id")
    .select(["id", "name", "state", "end_reason", "plan_supply", "plan_limit", "receipts.key_id"])
    .execute();
  const bindings = await db.selectFrom("bindings").select(["instance_id", "claim_id", "state"]).execute();
  const resources = await db
    .selectFrom("resources")
    .select(["provider", "name", "state", "outcome"])
    .execute();
  const hosted = Value.Parse(Hosted, await (await fetch(`${platform.standInUrl}/agents`)).json());
  const audit = await platform.request("POST", "/api/pool/audit");
  return {
    ...observed,
    claims: claims.map(({ id, key_hash, state, failure_code }) => ({
      id,
      keyHash: key_hash.toString("hex"),
      state,
      failureCode: failure_code,
    })),
    instances: instances.map(({ id, name, state, end_reason, key_id }) => ({
      id,
      name,
      state,
      endReason: end_reason,
      hasReceipt: key_id !== null,
    })),
    bindings: bindings.map(({ instance_id, claim_id, state }) => ({
      instanceId: instance_id,
      claimId: claim_id,
      state,
    })),
    resources: resources.map(({ provider, name, state, outcome }) => ({
      provider,
      name,
      state,
      isAbsent: outcome?.kind === "absent",
    })),
    inventory: {
      compute: hosted.agents.map(({ name }) => name),
      openrouter: platform.openrouter.state().keys.map(({ name }) => name),
    },
    plannedAboveLimit: instances
      .filter(
        ({ plan_supply, plan_limit }) =>
          plan_supply !== null && plan_limit !== null && plan_supply >= plan_limit,
      )
      .map(({ id }) => id),
    audit: Value.Parse(AuditBody, audit.body).violations,
  };
}
