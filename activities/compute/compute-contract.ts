import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AgentSecrets } from "../../domain/agent-protocol.ts";
import {
  type Epoch,
  type InstanceId,
  parseEpoch,
  parseInstanceId,
  type ResourceName,
  resourceName,
} from "../../domain/ids.ts";
import type { LaunchSpec } from "../../domain/launch-spec.ts";
import { AgentClient } from "../agent/agent-client.ts";
import { type ComputeDriver, destroyAll, type InventoryItem, type LaunchGrant } from "./driver.ts";

export interface ComputeUnderTest {
  driver: ComputeDriver;
  /** Environment that an agent needs beyond what the driver gives it. */
  environment: Readonly<Record<string, string>>;
  /** As the gateway redeems it; left out by a driver that hands the secrets over itself and may ask for no token. */
  issueBootstrapToken?(instanceId: InstanceId, secrets: AgentSecrets): Promise<string>;
  /** Ends the process of an instance as a crash would. */
  crash(instanceId: InstanceId, name: ResourceName): Promise<void>;
  close(): Promise<void>;
}

const hex = (bytes: number): string => randomBytes(bytes).toString("hex");

export const newSecrets = (): AgentSecrets => ({
  instanceSecret: hex(32),
  modelKey: hex(16),
  stateKey: hex(32),
});

/** For a driver that hands the secrets over itself. */
export const grantOf = (secrets: AgentSecrets): LaunchGrant => ({
  secrets,
  issueBootstrapToken: () => Promise.reject(new Error("nobody was to ask for a token")),
});

export function newInstance(): { id: InstanceId; name: ResourceName } {
  const id = parseInstanceId(hex(6));
  if (id === undefined) throw new Error("not an instance id");
  return { id, name: resourceName("ct", "test", id) };
}

export function epochOf(value: number): Epoch {
  const epoch = parseEpoch(value);
  if (epoch === undefined) throw new Error("not an epoch");
  return epoch;
}

/** What every compute driver has to keep, tested with agents that keep the agent protocol. */
export function describeComputeDriver(title: string, open: () => Promise<ComputeUnderTest>): void {
  describe(`compute driver contract: ${title}`, () => {
    const secrets = newSecrets();
    const client = new AgentClient();
    let under: ComputeUnderTest;
    let driver: ComputeDriver;

    beforeAll(async () => {
      under = await open();
      driver = under.driver;
    });
    afterAll(() => under.close());

    const grant = (id: InstanceId): LaunchGrant => {
      const issue = under.issueBootstrapToken?.bind(under);
      return { ...grantOf(secrets), ...(issue && { issueBootstrapToken: () => issue(id, secrets) }) };
    };
    const launch = (instance: ReturnType<typeof newInstance>, epoch: number) =>
      driver.launch(specOf(instance, epoch), grant(instance.id));
    const destroy = ({ id, name }: ReturnType<typeof newInstance>) => destroyAll(driver, id, name);
    const specOf = ({ id, name }: ReturnType<typeof newInstance>, epoch: number): LaunchSpec => ({
      instanceId: id,
      name,
      epoch: epochOf(epoch),
      generation: "contract",
      environment: under.environment,
    });
    const statusOf = (url: string, { id }: ReturnType<typeof newInstance>, epoch: number) =>
      client.status({ url, instanceId: id, epoch, instanceSecret: secrets.instanceSecret });
    const ready = (url: string, instance: ReturnType<typeof newInstance>, epoch: number) =>
      expect.poll(async () => (await statusOf(url, instance, epoch)).ready, { timeout: 10_000 }).toBe(true);

    /** One item of each kind, so many of them running. */
    const expectListed = async (
      name: ResourceName,
      externalIds: Readonly<Record<string, string>>,
      running: number,
    ): Promise<void> => {
      const items = await driver.list(name);
      const known = (item: Omit<InventoryItem, "running">) => `${item.kind} ${item.name} ${item.externalId}`;
      const expected = Object.entries(externalIds).map(([kind, externalId]) =>
        known({ kind, name, externalId }),
      );
      expect(items.map(known).sort()).toEqual(expected.sort());
      expect(items.filter((item) => item.running)).toHaveLength(running);
    };

    test("what was never launched is absent, and destroying it succeeds", async () => {
      const { id, name } = newInstance();
      expect(await driver.observe(id, name)).toEqual({ state: "absent" });
      for (const kind of driver.resourceKinds.toReversed())
        expect(await driver.destroy(id, name, kind)).toMatchObject({ kind: expect.any(String) });
      await expect(driver.destroy(id, name, "unheard-of")).rejects.toMatchObject({ code: "invalid" });
      expect(await driver.list(name)).toEqual([]);
    });

    test("launch answers when the agent listens, and the agent is the one meant", async () => {
      const instance = newInstance();
      const { id, name } = instance;
      const { url, externalIds } = await launch(instance, 1);
      const status = await statusOf(url, instance, 1);
      expect(status).toMatchObject({ instanceId: id, epoch: 1, generation: "contract" });
      expect(Object.keys(externalIds).sort()).toEqual([...driver.resourceKinds].sort());
      const observed = await driver.observe(id, name);
      expect(observed).toMatchObject({ state: "running", epoch: 1, url });
      if (observed.state === "running") expect(Object.values(externalIds)).toContain(observed.externalId);
      await expectListed(name, externalIds, 1);
      await destroy(instance);
    });

    test("launching one epoch often, at once and again, starts one agent", async () => {
      const instance = newInstance();
      const launched = await Promise.all([1, 2, 3, 4, 5].map(() => launch(instance, 1)));
      const [first] = launched;
      expect(new Set(launched.map(({ url }) => url)).size).toBe(1);
      await ready(first?.url ?? "", instance, 1);
      const { inboxId } = await statusOf(first?.url ?? "", instance, 1);
      expect(await launch(instance, 1)).toEqual(first);
      expect((await statusOf(first?.url ?? "", instance, 1)).inboxId).toBe(inboxId);
      await expectListed(instance.name, first?.externalIds ?? {}, 1);
      await destroy(instance);
    });

    test("a newer epoch replaces the older on its state; an older one is refused", async () => {
      const instance = newInstance();
      const first = await launch(instance, 1);
      await ready(first.url, instance, 1);
      const before = await statusOf(first.url, instance, 1);
      const second = await launch(instance, 2);
      await ready(second.url, instance, 2);
      const after = await statusOf(second.url, instance, 2);
      const { inboxId, conversationId } = before;
      expect(after).toMatchObject({ epoch: 2, inboxId, conversationId });
      expect(second.externalIds).toEqual(first.externalIds);
      await expect(statusOf(first.url, instance, 1)).rejects.toMatchObject({
        code: expect.stringMatching(/^agent-un/),
      });
      await expect(launch(instance, 1)).rejects.toMatchObject({ code: "conflict" });
      expect(await driver.observe(instance.id, instance.name)).toMatchObject({ state: "running", epoch: 2 });
      await destroy(instance);
    });

    test("a crash is seen as exited, and both the same and the next epoch start again on the state", async () => {
      const instance = newInstance();
      const { id, name } = instance;
      const first = await launch(instance, 1);
      await ready(first.url, instance, 1);
      const { inboxId } = await statusOf(first.url, instance, 1);
      for (const epoch of [1, 2]) {
        await under.crash(id, name);
        await expect
          .poll(() => driver.observe(id, name), { timeout: 5_000 })
          .toMatchObject({ state: "exited", epoch: 1 });
        await expectListed(name, first.externalIds, 0);
        const again = await launch(instance, epoch);
        await ready(again.url, instance, epoch);
        expect((await statusOf(again.url, instance, epoch)).inboxId).toBe(inboxId);
      }
      await destroy(instance);
    });

    test("destroy leaves neither process nor state, running or not, and may be repeated", async () => {
      const instance = newInstance();
      const { id, name } = instance;
      const first = await launch(instance, 1);
      await ready(first.url, instance, 1);
      const { inboxId } = await statusOf(first.url, instance, 1);
      await Promise.all([destroy(instance), destroy(instance)]);
      expect(await driver.observe(id, name)).toEqual({ state: "absent" });
      expect(await driver.list(name)).toEqual([]);
      await expect(statusOf(first.url, instance, 1)).rejects.toMatchObject({
        code: expect.stringMatching(/^agent-un/),
      });
      const fresh = await launch(instance, 1);
      await ready(fresh.url, instance, 1);
      expect((await statusOf(fresh.url, instance, 1)).inboxId).not.toBe(inboxId);
      await under.crash(id, name);
      await destroy(instance);
      await destroy(instance);
      expect(await driver.observe(id, name)).toEqual({ state: "absent" });
    });

    test("the inventory is by prefix and of all instances", async () => {
      const instances = [newInstance(), newInstance(), newInstance()];
      for (const instance of instances) await launch(instance, 1);
      const listed = (await driver.list("ct-test-")).map(({ name }) => name);
      const expected = instances.flatMap(({ name }) => driver.resourceKinds.map(() => name));
      expect([...listed].sort()).toEqual(expected.sort());
      expect(await driver.list("other-")).toEqual([]);
      for (const instance of instances) await destroy(instance);
      expect(await driver.list("ct-test-")).toEqual([]);
    });
  });
}
