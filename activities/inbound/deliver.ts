import { PlatformError } from "../../domain/errors.ts";
import type { InstanceId } from "../../domain/ids.ts";
import type { AgentClient } from "../agent/agent-client.ts";
import type { Registry } from "../registry/registry.ts";
import { dueInstances, findTarget, forgetOld, postpone, waitingIds } from "./queue.ts";

/** Told to one agent in one go. */
const MAX_IDS = 50;
/** Agents told in one run, and at once. One that hangs takes seconds. */
const MAX_AGENTS = 40;
const AT_ONCE = 10;

interface Delivering {
  registry: Registry;
  agents: AgentClient;
}

/**
 * Tells a claimed agent the ids of what waits for it; it fetches them itself. Safe to repeat, and at once by two: the
 * agent keeps each id once. False when it could not be told; it is told later.
 */
export async function deliverInbound(
  { registry, agents }: Delivering,
  id: InstanceId,
  options: { onlyDue: boolean } = { onlyDue: true },
): Promise<boolean> {
  const target = await findTarget(registry, id);
  if (!target) return false;
  const ids = await waitingIds(registry, id, { ...options, limit: MAX_IDS });
  if (ids.length === 0) return true;
  try {
    for (const inboundId of ids) await agents.notify(target, inboundId);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    await postpone(registry, id);
    return false;
  }
  await postpone(registry, id, ids);
  return true;
}

/** One round over all agents for which something is due, and over what is too old. Answers how many were told. */
export async function deliverDueInbound(delivering: Delivering): Promise<number> {
  const due = await dueInstances(delivering.registry, MAX_AGENTS);
  const errors: unknown[] = [];
  let told = 0;
  while (due.length > 0) {
    const results = await Promise.allSettled(
      due.splice(0, AT_ONCE).map((id) => deliverInbound(delivering, id)),
    );
    for (const result of results) {
      if (result.status === "rejected") errors.push(result.reason);
      else if (result.value) told += 1;
    }
  }
  await forgetOld(delivering.registry);
  if (errors.length > 0) throw errors[0];
  return told;
}
