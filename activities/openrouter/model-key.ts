import { PlatformError } from "../../domain/errors.ts";
import { INITIAL_LIMIT, toUsd } from "../../domain/money.ts";
import type { ResourceKind } from "../resources/resource-kind.ts";
import type { OpenRouterClient } from "./client.ts";

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
    const { key, secret } = await client.createKey(name, toUsd(INITIAL_LIMIT));
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
