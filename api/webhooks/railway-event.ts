import { Type } from "typebox";
import { Value } from "typebox/value";
import { parseInstanceId } from "../../domain/ids.ts";
import type { Gateway } from "../gateway.ts";

const Named = Type.Optional(Type.Object({ name: Type.Optional(Type.String({ maxLength: 64 })) }));
const Event = Type.Object({ resource: Type.Object({ project: Named, service: Named }) });

/**
 * Makes the lifecycle of the instance look that the event's project or service is named after. Nothing else of the event
 * is believed: it is not signed, and the provider's own example contradicts itself.
 */
export async function wakeByRailway(gateway: Gateway, event: unknown): Promise<void> {
  const { config, registry, workflows, background } = gateway;
  if (!Value.Check(Event, event)) return;
  const prefix = `${config.resourcePrefix}-${config.environment}-`;
  const { project, service } = event.resource;
  const names = [project?.name, service?.name].filter((name) => name?.startsWith(prefix));
  const id = parseInstanceId(names[0]?.slice(prefix.length) ?? "");
  if (!id) return;
  const instance = await registry.db
    .selectFrom("instances")
    .select("id")
    .where("id", "=", id)
    .where("state", "<>", "exploded")
    .executeTakeFirst();
  // Not waited for: it is only sooner than the next look, and the provider wants its answer.
  if (instance) background.run("instance-wake", { instance: id }, () => workflows.wakeInstance(id));
}
