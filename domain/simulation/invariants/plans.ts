import { countPool } from "../registry/pool.ts";
import type { Check } from "./checker.ts";

/**
 * I3 the pool never starts an instance at or above target, surge and queue together; those that an operator asked for
 * apart. Counted anew from the rows, not read from what the plan said of itself.
 */
export const checkPlans: Check = (world, { known }, report) => {
  const { tables } = world;
  if (known.size === tables.instances.size) return;
  const added = [...tables.instances.values()].filter(({ id }) => !known.has(id));
  for (const { id } of added) known.add(id);
  const own = added.filter(({ plan }) => plan !== undefined);
  const last = own.at(-1);
  if (!last) return;
  const { idle, starting, waiting } = countPool(world);
  const beside = idle + starting - added.length + own.length - 1;
  const limit = tables.pool.target + tables.pool.surge + waiting;
  if (beside >= limit) report("I3", last.id, `it was started beside ${beside}, the limit is ${limit}`);
};
