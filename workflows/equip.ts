import type { EquipmentItem } from "../domain/equipment.ts";
import type { InstanceId } from "../domain/ids.ts";
import { optional, required } from "./activities.ts";

/**
 * Makes what the plan names: the providers side by side, each provider's parts in their order. Fails when something
 * required cannot be made; what else fails leaves its code in the ledger and is tried again later.
 */
export async function equip(id: InstanceId, plan: readonly EquipmentItem[]): Promise<void> {
  const providers = [...new Set(plan.map((item) => item.provider))];
  await Promise.all(
    providers.map(async (provider) => {
      for (const item of plan.filter((one) => one.provider === provider)) if (!(await make(id, item))) return;
    }),
  );
}

/** False when it could not be made and the agent goes without it. */
async function make(
  id: InstanceId,
  { provider, kind, required: isRequired }: EquipmentItem,
): Promise<boolean> {
  const activities = isRequired ? required[provider] : optional[provider];
  try {
    await activities.ensureResource.executeWithOptions({ summary: kind }, [id, provider, kind]);
    return true;
  } catch (error) {
    if (isRequired) throw error;
    return false;
  }
}
