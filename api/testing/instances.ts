import { handOver, moveInstance } from "../../activities/registry/instances.ts";
import { type Intake, intakeClaim } from "../../activities/registry/intake.ts";
import { planPool } from "../../activities/registry/pool-plan.ts";
import { setPool } from "../../activities/registry/pools.ts";
import type { Registry } from "../../activities/registry/registry.ts";
import { storeSecret } from "../../activities/registry/secrets.ts";
import { type InstanceId, type PoolName, parsePoolName } from "../../domain/ids.ts";

const name = parsePoolName("default");
if (!name) throw new Error("the pool's name must be one");
export const POOL: PoolName = name;

/** Instances as the pool plans them, without a process. */
export async function planInstances(registry: Registry, count: number): Promise<InstanceId[]> {
  await setPool(registry, POOL, { addExtra: count });
  return (await planPool(registry, POOL)).start;
}

/** Instances that are idle, or bound to whoever waits, the first one first. */
export async function readyInstances(registry: Registry, count: number): Promise<InstanceId[]> {
  const ids = await planInstances(registry, count);
  for (const id of ids) {
    await moveInstance(registry, id, "starting");
    await handOver(registry, id);
  }
  return ids;
}

/** An instance whose agent may report, with its secret. */
export async function reportingInstance(registry: Registry): Promise<{ id: InstanceId; secret: string }> {
  const [id] = await planInstances(registry, 1);
  if (!id) throw new Error("no instance was planned");
  const secret = "5".repeat(64);
  await storeSecret(registry, registry.db, id, "instance-secret", secret);
  await registry.db.updateTable("instances").set({ epoch: 1 }).where("id", "=", id).execute();
  await moveInstance(registry, id, "starting");
  return { id, secret };
}

/** A claim of the oldest idle instance, which nobody delivers. */
export const bindClaim = (registry: Registry, idempotencyKey: string): Promise<Intake> =>
  intakeClaim(registry, {
    pool: POOL,
    idempotencyKey,
    input: { instructions: "x" },
    onEmpty: "reject",
    inviteIdentity: undefined,
  });
