import { type InstanceId, parseInstanceId } from "../../domain/ids.ts";

/** A Bankr key that a person made. It opens one wallet, so it belongs to one instance and to no other. */
export interface ManualKey {
  instanceId: InstanceId;
  key: string;
}

/** From the two settings, which come together or not at all. Throws an error that names the missing or wrong one. */
export function parseManualKey(settings: { key?: string; instanceId?: string }): ManualKey | undefined {
  const { key = "", instanceId: text = "" } = settings;
  if (key === "" && text === "") return undefined;
  if (text === "") throw new Error("a Bankr key given by hand must name the one instance that it belongs to");
  if (key === "") throw new Error("an instance is named for a Bankr key, but there is no key");
  const instanceId = parseInstanceId(text);
  if (!instanceId) throw new Error("the instance named for the Bankr key is not an instance id");
  return { instanceId, key };
}

/** The key, for the instance that it belongs to; undefined for every other. */
export const manualKeyOf = (manual: ManualKey | undefined, instanceId: InstanceId): string | undefined =>
  manual?.instanceId === instanceId ? manual.key : undefined;
