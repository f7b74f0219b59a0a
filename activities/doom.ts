import type { InstanceId } from "../domain/ids.ts";
import type { EndReason, InstanceState } from "../domain/instance-state.ts";
import type { Dependencies } from "./dependencies.ts";
import { fence } from "./registry/end.ts";
import { startExplode } from "./workflow-starts.ts";

/**
 * Fences the instance and starts its end. Once the fence stands, Reconcile sees to it whatever becomes of the start.
 * False, and nothing done, when it is in none of the states of `onlyFrom`.
 */
export async function doomInstance(
  { registry, temporal }: Dependencies,
  id: InstanceId,
  reason: EndReason,
  onlyFrom?: readonly InstanceState[],
): Promise<boolean> {
  const fenced = await fence(registry, id, reason, onlyFrom);
  if (fenced) await startExplode(temporal, id, reason);
  return fenced;
}
