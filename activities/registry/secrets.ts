import { randomBytes } from "node:crypto";
import type { AgentSecrets } from "../../domain/agent-protocol.ts";
import { PlatformError } from "../../domain/errors.ts";
import type { InstanceId } from "../../domain/ids.ts";
import type { Querier } from "./database.ts";
import { instanceKeyContext } from "./pools.ts";
import type { Registry } from "./registry.ts";
import type { SecretKind } from "./schema.ts";
import { open, seal } from "./sealing.ts";

const SECRET_BYTES = 32;
const contextOf = (id: InstanceId, kind: SecretKind): string => `secret/${kind}/${id}`;

/** Stores a secret of the instance, replacing an earlier one. `db` may be the transaction that it belongs to. */
export async function storeSecret(
  { vault }: Registry,
  db: Querier,
  id: InstanceId,
  kind: SecretKind,
  value: string,
): Promise<void> {
  const sealed = seal(await instanceKey(vault, db, id), value, contextOf(id, kind));
  await db
    .insertInto("secrets")
    .values({ instance_id: id, kind, sealed })
    .onConflict((conflict) => conflict.columns(["instance_id", "kind"]).doUpdateSet({ sealed }))
    .execute();
}

/** The secret, or undefined when there is none or the instance has been purged. */
export async function readSecret(
  { vault, db }: Registry,
  id: InstanceId,
  kind: SecretKind,
): Promise<string | undefined> {
  const row = await db
    .selectFrom("secrets")
    .innerJoin("instances", "instances.id", "secrets.instance_id")
    .select(["sealed", "data_key"])
    .where("instance_id", "=", id)
    .where("kind", "=", kind)
    .executeTakeFirst();
  return row?.data_key ? openSecret(vault, id, kind, row.data_key, row.sealed) : undefined;
}

/** Opens a sealed secret that another query has read together with its instance's key. */
export async function openSecret(
  vault: Registry["vault"],
  id: InstanceId,
  kind: SecretKind,
  dataKey: Buffer,
  sealed: Buffer,
): Promise<string> {
  const key = await vault.openDataKey(dataKey, instanceKeyContext(id));
  return open(key, sealed, contextOf(id, kind)).toString("utf8");
}

/** What the agent is started with. Its own two secrets are made here once; the model key must be stored already. */
export async function agentSecrets(registry: Registry, id: InstanceId): Promise<AgentSecrets> {
  for (const kind of ["instance-secret", "state-key"] as const) {
    const sealed = seal(
      await instanceKey(registry.vault, registry.db, id),
      randomBytes(SECRET_BYTES).toString("hex"),
      contextOf(id, kind),
    );
    await registry.db
      .insertInto("secrets")
      .values({ instance_id: id, kind, sealed })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  const [instanceSecret, stateKey, modelKey] = await Promise.all([
    readSecret(registry, id, "instance-secret"),
    readSecret(registry, id, "state-key"),
    readSecret(registry, id, "model-key"),
  ]);
  if (!instanceSecret || !stateKey || !modelKey) {
    throw new PlatformError("internal", { detail: `instance ${id} lacks a secret` });
  }
  return { instanceSecret, stateKey, modelKey };
}

async function instanceKey(vault: Registry["vault"], db: Querier, id: InstanceId): Promise<Buffer> {
  const row = await db.selectFrom("instances").select("data_key").where("id", "=", id).executeTakeFirst();
  if (!row?.data_key) throw new PlatformError("instance-doomed", { detail: `instance ${id}` });
  return vault.openDataKey(row.data_key, instanceKeyContext(id));
}
