import type { EndReason } from "../../instance-state.ts";
import type { World } from "../world.ts";
import { claimWorkflow } from "./claim.ts";
import { explodeWorkflow } from "./explode.ts";
import { lifecycleWorkflow } from "./instance-lifecycle.ts";
import { poolWorkflow } from "./pool.ts";

export const startExplode = (world: World, id: string, reason: EndReason): void =>
  world.startWorkflow(`explode/${id}`, (self) => explodeWorkflow(world, self, id, reason));

export const startLifecycle = (world: World, id: string): void =>
  world.startWorkflow(`instance/${id}`, (self) => lifecycleWorkflow(world, self, id));

export const startClaim = (world: World, id: string): void =>
  world.startWorkflow(`claim/${id}`, (self) => claimWorkflow(world, self, id));

/** Wakes the pool's workflow, starting it if it does not run. */
export function wakePool(world: World): void {
  world.startWorkflow("pool", (self) => poolWorkflow(world, self));
  world.wakeWorkflow("pool");
}
