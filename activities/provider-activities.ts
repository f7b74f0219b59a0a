import { PlatformError } from "../domain/errors.ts";
import type { InstanceId } from "../domain/ids.ts";
import type { Provider } from "../domain/resource-state.ts";
import type { Dependencies } from "./dependencies.ts";
import { noteTry } from "./registry/equipment.ts";
import { ensureResource } from "./resources/ensure-resource.ts";

/** What runs on a provider's own task queue, so that one slow provider holds nobody else up. */
export const providerActivities = ({ registry, resources }: Dependencies) => ({
  /** Ends with exactly one resource of this kind for the instance. */
  async ensureResource(id: InstanceId, provider: Provider, kind: string): Promise<void> {
    try {
      await ensureResource(registry, resources.get(provider, kind), id);
    } catch (error) {
      if (error instanceof PlatformError) await noteTry(registry, id, provider, kind, error.code);
      throw error;
    }
  },
});
