import { PlatformError } from "../domain/errors.ts";
import type { InstanceId } from "../domain/ids.ts";
import { allowanceFor, type Micros, monthOf, toMicros, toUsd } from "../domain/money.ts";
import type { Dependencies } from "./dependencies.ts";
import type { Key } from "./openrouter/client.ts";
import { storeInbound } from "./registry/inbound.ts";
import { noteEvent } from "./registry/instances.ts";
import { activeModelKeys } from "./registry/ledger.ts";
import type { Registry } from "./registry/registry.ts";
import { giveGrant, readSpend, readSpendOfToday, recordSpend } from "./registry/spend.ts";

/** A grant that comes while the limit is being set makes it set again. */
const MAX_TRIES = 5;

/** What a sweep found. Ids only. */
export interface SpendFindings {
  agents: number;
  /** Agents whose money has just run out. */
  exhausted: InstanceId[];
}

/** What agents may spend on models. The limit is absolute and computed from the ledger, so a repetition changes nothing. */
export const spendActivities = ({ registry, openrouter }: Pick<Dependencies, "registry" | "openrouter">) => ({
  /** Gives a claimed instance the allowance of this month and sets its key's limit to the sum of its grants. */
  async settleCredit(id: InstanceId): Promise<void> {
    const hash = (await activeModelKeys(registry, id)).get(id);
    if (hash === undefined)
      throw new PlatformError("conflict", { detail: `instance ${id} has no model key` });
    const key = await openrouter.findKey(hash);
    if (!key) throw new PlatformError("transient", { detail: `the key of ${id} cannot be read` });
    const usage = toMicros(key.usage);
    const { grants } = await readSpend(registry, id);
    const last = grants.findLast(({ kind }) => kind === "allowance");
    const reference = monthOf(new Date());
    if (last?.reference !== reference)
      await giveGrant(registry, id, {
        kind: "allowance",
        reference,
        amount: allowanceFor(usage, last?.usage),
        usage,
      });
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const { granted, limit } = await readSpend(registry, id);
      if (tries > 0 && granted === limit) return;
      await openrouter.updateKey(hash, { limit: toUsd(granted) });
      await recordSpend(registry, id, { limit: granted, usage });
      // Before its first allowance an agent cannot have run out of money for the model.
      if (grants.length > 0) await announceCredits(registry, id, granted);
    }
    throw new PlatformError("transient", { detail: "grants come faster than limits are set" });
  },

  /** Writes down what each agent has spent and who has run out. */
  async sweepSpend(): Promise<SpendFindings> {
    const owners = new Map(
      [...(await activeModelKeys(registry))].map(([id, hash]): [string, InstanceId] => [hash, id]),
    );
    const keys = await openrouter.listKeys(`${registry.prefix}-${registry.environment}-`);
    const written = await readSpendOfToday(registry);
    const exhausted: InstanceId[] = [];
    let agents = 0;
    for (const key of keys) {
      const id = owners.get(key.hash);
      if (id === undefined || key.limit === null) continue;
      agents += 1;
      const spent = spendOf(key, key.limit);
      if (written.get(id) === `${spent.limit}/${spent.usage}`) continue;
      if (!(await recordSpend(registry, id, spent))) continue;
      await noteEvent(registry, id, "credit-exhausted");
      exhausted.push(id);
    }
    return { agents, exhausted };
  },
});

/** An agent that ran out asks its model again once it is told; Reconcile tells it. */
async function announceCredits(registry: Registry, id: InstanceId, granted: Micros): Promise<void> {
  const item = { kind: "credits" } as const;
  await storeInbound(registry, id, { provider: "platform", eventId: `${id}/${granted}`, item });
}

const spendOf = (key: Key, limit: number) => ({ limit: toMicros(limit), usage: toMicros(key.usage) });
