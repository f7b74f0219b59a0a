import { PlatformError } from "../../domain/errors.ts";
import type { ResourceKind } from "../resources/resource-kind.ts";
import type { OpenRouterClient } from "./client.ts";

/** What an agent may spend in all: the limit of its key, absolute, never reset by the provider. */
export const KEY_LIMIT_USD = 20;

/** An instance's key to the models. The provider shows its secret once and does not make names unique. */
export const modelKeyKind = (client: OpenRouterClient): ResourceKind => ({
  provider: "openrouter",
  kind: "model-key",
  secret: "model-key",
  settleMs: 0,

  async find({ name }) {
    const keys = await client.listKeys(name);
    return keys.filter((key) => key.name === name).map(({ hash }) => ({ externalId: hash }));
  },

  async create({ name }) {
    const { key, secret } = await client.createKey(name, KEY_LIMIT_USD);
    return { externalId: key.hash, secret };
  },

  /** Stops all spending at once. */
  revoke: (hash) => client.updateKey(hash, { disabled: true }),

  async remove(hash) {
    await client.deleteKey(hash);
    if (await client.findKey(hash))
      throw new PlatformError("transient", { detail: "a deleted key can still be read" });
    return { kind: "absent" };
  },

  async list(namePrefix) {
    const keys = await client.listKeys(namePrefix);
    return keys.map(({ name, hash }) => ({ name, externalId: hash }));
  },
});
