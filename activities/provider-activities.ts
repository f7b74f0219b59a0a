import type { InstanceId } from "../domain/ids.ts";
import type { Dependencies } from "./dependencies.ts";
import { ensureModelKey } from "./openrouter/model-key.ts";

/** What runs on a provider's own task queue, so that one slow provider holds nobody else up. */
export const providerActivities = ({ registry, openrouter }: Dependencies) => ({
  ensureModelKey: (id: InstanceId): Promise<void> => ensureModelKey(registry, openrouter, id),
});
