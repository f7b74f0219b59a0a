import { PlatformError } from "../../../domain/errors.ts";
import { type InstanceId, parseInstanceId } from "../../../domain/ids.ts";
import type { LaunchSpec } from "../../../domain/launch-spec.ts";
import type { Labels } from "./container-engine.ts";

const ENVIRONMENT = "convos.environment";
const INSTANCE = "convos.instance";
const EPOCH = "convos.epoch";
const GENERATION = "convos.generation";

/** Of everything of one environment; what to list by. */
export const environmentLabels = (environment: string): Labels => ({ [ENVIRONMENT]: environment });

/** Of the volume, which outlives epochs. */
export const instanceLabels = (environment: string, id: InstanceId): Labels => ({
  ...environmentLabels(environment),
  [INSTANCE]: id,
});

export const launchLabels = (environment: string, { instanceId, epoch, generation }: LaunchSpec): Labels => ({
  ...instanceLabels(environment, instanceId),
  [EPOCH]: String(epoch),
  [GENERATION]: generation,
});

/** Refuses what stands under an instance's name and was not made for it: it is nobody's to use or to remove. */
export function requireOwn(labels: Labels, environment: string, id: InstanceId, kind: string): void {
  const own = Object.entries(instanceLabels(environment, id));
  if (own.some(([key, value]) => labels[key] !== value))
    throw new PlatformError("conflict", {
      detail: `the ${kind} of this name was not made for instance ${id}`,
    });
}

/** 0 when it has none that can be read. */
export function epochIn(labels: Labels): number {
  const epoch = Number(labels[EPOCH]);
  return Number.isSafeInteger(epoch) && epoch > 0 ? epoch : 0;
}

export const instanceIn = (labels: Labels): InstanceId | undefined => parseInstanceId(labels[INSTANCE] ?? "");
