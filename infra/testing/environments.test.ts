import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readInventory } from "../../activities/audit/inventory.ts";
import { StandInDriver } from "../../activities/compute/stand-in/stand-in-driver.ts";
import { leakActivities } from "../../activities/leak-activities.ts";
import { OpenRouterClient } from "../../activities/openrouter/client.ts";
import { Budgets } from "../../activities/rate-limit/budgets.ts";
import { listResources } from "../../activities/registry/ledger.ts";
import { newInstanceId } from "../../activities/registry/new-id.ts";
import { ensurePool, instanceKeyContext } from "../../activities/registry/pools.ts";
import type { Registry } from "../../activities/registry/registry.ts";
import { ResourceCatalogue } from "../../activities/resources/catalogue.ts";
import { ensureResource } from "../../activities/resources/ensure-resource.ts";
import { makeResourceAbsent } from "../../activities/resources/release-resource.ts";
import { EQUIPMENT, equipmentKey } from "../../domain/equipment.ts";
import { type InstanceId, parseEpoch, resourceName } from "../../domain/ids.ts";
import { parseConfig } from "../../workers/config.ts";
import { equipmentKinds } from "../../workers/equipment-kinds.ts";
import { startAgentMailDouble } from "../local/doubles/agentmail/server.ts";
import { startBankrDouble } from "../local/doubles/bankr/server.ts";
import { startOpenRouterDouble } from "../local/doubles/openrouter/server.ts";
import { startTelnyxDouble } from "../local/doubles/telnyx/server.ts";
import { startStandInHost } from "../local/stand-in-agent/host-server.ts";
import { startTestRegistry, type TestRegistry } from "./registry.ts";

/** One account with each provider, that all environments share; its limits are not what is tested here. */
async function startAccounts() {
  const [openrouter, agentmail, telnyx, bankr, host] = await Promise.all([
    startOpenRouterDouble(),
    startAgentMailDouble(),
    startTelnyxDouble(),
    startBankrDouble(),
    startStandInHost(),
  ]);
  const { privateKey } = generateKeyPairSync("ed25519");
  const generous = { capacity: 10_000, refillPerSecond: 10_000 };
  const budgets = ["openrouter", "agentmail", "telnyx", "bankr"].map((account) => [
    `${account}/requests`,
    generous,
  ]);
  const variables = {
    OPENROUTER_BASE_URL: openrouter.url,
    OPENROUTER_MANAGEMENT_KEY: openrouter.managementKey,
    AGENTMAIL_BASE_URL: agentmail.url,
    AGENTMAIL_API_KEY: agentmail.apiKey,
    TELNYX_BASE_URL: telnyx.url,
    TELNYX_API_KEY: telnyx.apiKey,
    BANKR_BASE_URL: bankr.url,
    BANKR_PARTNER_KEY: bankr.partnerKey,
    PROVIDER_BUDGETS: JSON.stringify(
      Object.fromEntries([...budgets, ["bankr/wallet-create", { capacity: 100, refillPerSecond: 100 }]]),
    ),
    DATABASE_URL: "postgres://127.0.0.1:9/unused",
    MASTER_KEY: Buffer.alloc(32).toString("base64"),
    RECEIPT_KEY: privateKey.export({ format: "der", type: "pkcs8" }).toString("base64"),
    PUBLIC_API_URL: "http://127.0.0.1:9",
  };
  return {
    variables,
    compute: new StandInDriver({ hostUrl: host.url }),
    async close() {
      await Promise.all([openrouter, agentmail, telnyx, bankr, host].map((part) => part.close()));
    },
  };
}

type Accounts = Awaited<ReturnType<typeof startAccounts>>;

/** A platform's registry and providers, under its own names and with its own database. */
class Environment {
  readonly registry: Registry;
  readonly resources: ResourceCatalogue;
  readonly deps;
  readonly #test: TestRegistry;

  constructor(test: TestRegistry, environment: string, { variables, compute }: Accounts) {
    this.#test = test;
    this.registry = { ...test.registry, environment };
    const config = parseConfig({ ...variables, ENVIRONMENT: environment });
    const openrouter = new OpenRouterClient({
      baseUrl: config.OPENROUTER_BASE_URL,
      managementKey: config.OPENROUTER_MANAGEMENT_KEY,
    });
    const budgets = new Budgets(test.registry.db, JSON.parse(config.PROVIDER_BUDGETS));
    this.resources = new ResourceCatalogue(equipmentKinds(config, this.registry, openrouter, budgets));
    this.deps = { registry: this.registry, resources: this.resources, compute };
  }

  /** An instance with everything that one can have. */
  async equip(id: InstanceId): Promise<void> {
    const { registry } = this;
    const name = resourceName(registry.prefix, registry.environment, id);
    const data_key = (await registry.vault.newDataKey(instanceKeyContext(id))).sealed;
    await registry.db
      .insertInto("instances")
      .values({ id, pool: this.#test.pool, name, generation: "g1", state: "idle", data_key })
      .execute();
    for (const { provider, kind } of EQUIPMENT)
      await ensureResource(registry, this.resources.get(provider, kind), id);
  }

  async launch(id: InstanceId): Promise<void> {
    const epoch = parseEpoch(1);
    if (!epoch) throw new Error("1 is an epoch");
    const name = resourceName(this.registry.prefix, this.registry.environment, id);
    const secrets = { instanceSecret: "a".repeat(64), modelKey: "k", stateKey: "b".repeat(64) };
    await this.deps.compute.launch(
      { instanceId: id, name, epoch, generation: "g1", environment: { GATEWAY_URL: "http://127.0.0.1:9" } },
      { secrets, issueBootstrapToken: async () => "unused" },
    );
  }

  async inventory(): Promise<string[]> {
    const { items } = await readInventory(this.deps);
    return items.map((item) => `${equipmentKey(item)} ${item.name}`).sort();
  }

  async releaseAll(id: InstanceId): Promise<void> {
    for (const entry of (await listResources(this.registry, id)).toReversed())
      await makeResourceAbsent(this.registry, this.resources.get(entry.provider, entry.kind), entry);
  }
}

describe("environments with one account at each provider", () => {
  // One name is the beginning of another.
  const names = ["staging", "production", "prod", "prod2"] as const;
  const closers: (() => Promise<void>)[] = [];
  let environments: Environment[];
  // The same in all: nothing but the environment in the names tells their resources apart.
  const id = newInstanceId();

  beforeAll(async () => {
    const accounts = await startAccounts();
    closers.push(accounts.close);
    environments = await Promise.all(
      names.map(async (name) => {
        const test = await startTestRegistry();
        closers.push(async () => test[Symbol.asyncDispose]());
        const environment = new Environment(test, name, accounts);
        await environment.equip(id);
        await environment.launch(newInstanceId());
        return environment;
      }),
    );
  }, 60_000);
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  const called = (name: (typeof names)[number]): Environment => {
    const found = environments.find(({ registry }) => registry.environment === name);
    if (!found) throw new Error(`there is no ${name}`);
    return found;
  };
  const inventories = (all: readonly Environment[]) => Promise.all(all.map((one) => one.inventory()));

  it("each see what they own and nothing else", async () => {
    const owned = new Set<string>();
    for (const environment of environments) {
      const seen = await environment.inventory();
      expect(seen).toHaveLength(EQUIPMENT.length + 1);
      const prefix = `cv-${environment.registry.environment}-`;
      expect(seen.filter((item) => !item.includes(` ${prefix}`))).toEqual([]);
      for (const { provider, kind, externalId } of await listResources(environment.registry, id))
        owned.add(`${provider}/${kind} ${externalId}`);
    }
    expect(owned.size).toBe(names.length * EQUIPMENT.length);
  });

  it("take nothing of another for a leak, end what they own and leave the others' as it is", async () => {
    const prod = called("prod");
    const others = environments.filter((environment) => environment !== prod);
    const before = await inventories(others);
    const findings = await leakActivities(prod.deps).sweepLeaks();
    // Its own process is in no ledger here; that is found, and shown.
    expect(findings).toMatchObject([{ provider: "compute", verdict: "unknown", removed: false }]);
    expect(findings[0]?.name).toMatch(/^cv-prod-/);
    await prod.releaseAll(id);
    // A wallet is never deleted.
    const left = (await prod.inventory()).map((item) => item.split(" ")[0]);
    expect(left).toEqual(["bankr/wallet", "compute/stand-in"]);
    expect(await inventories(others)).toEqual(before);
  });

  it("refuse to work on a copy of another's database", async () => {
    const { registry } = called("production");
    const settings = {
      target: 1,
      surge: 1,
      generation: "g1",
      numberTiming: "off",
      walletTiming: "off",
    } as const;
    const { pool } = await registry.db
      .selectFrom("instances")
      .select("pool")
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    await ensurePool(registry, { name: pool, ...settings }, false);
    const copied = ensurePool({ ...registry, environment: "prod" }, { name: pool, ...settings }, false);
    await expect(copied).rejects.toMatchObject({ code: "conflict" });
  });
});
