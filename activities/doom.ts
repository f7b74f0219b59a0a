import type { InstanceId } from "../domain/ids.ts";
import type { EndReason } from "../domain/instance-state.ts";
import type { Dependencies } from "./dependencies.ts";
import { fence } from "./registry/end.ts";
import { startExplode } from "./workflow-starts.ts";

/** Fences the instance and starts its end. Once the fence stands, Reconcile sees to it whatever becomes of the start. */
export async function doomInstance(
  { registry, temporal }: Dependencies,
  id: InstanceId,
  reason: EndReason,
): Promise<void> {
  await fence(registry, id, reason);
  await startExplode(temporal, id, reason);
}
