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
import type { ComputeDriver } from "./driver.ts";

export interface ComputeUnderTest {
  driver: ComputeDriver;
  /** Environment that an agent needs beyond what the driver gives it. */
  environment: Readonly<Record<string, string>>;
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

    test("what was never launched is absent, and destroying it succeeds", async () => {
      const { id, name } = newInstance();
      expect(await driver.observe(id, name)).toEqual({ state: "absent" });
      await driver.destroy(id, name);
      expect(await driver.list(name)).toEqual([]);
    });

    test("launch answers when the agent listens, and the agent is the one meant", async () => {
      const instance = newInstance();
      const { id, name } = instance;
      const { url, externalId } = await driver.launch(specOf(instance, 1), secrets);
      const status = await statusOf(url, instance, 1);
      expect(status).toMatchObject({ instanceId: id, epoch: 1, generation: "contract" });
      expect(await driver.observe(id, name)).toEqual({ state: "running", epoch: 1, url, externalId });
      expect(await driver.list(name)).toEqual([{ name, externalId, running: true }]);
      await driver.destroy(id, name);
    });

    test("launching one epoch often, at once and again, starts one agent", async () => {
      const instance = newInstance();
      const spec = specOf(instance, 1);
      const launched = await Promise.all([1, 2, 3, 4, 5].map(() => driver.launch(spec, secrets)));
      const [first] = launched;
      expect(new Set(launched.map(({ url }) => url)).size).toBe(1);
      await ready(first?.url ?? "", instance, 1);
      const { inboxId } = await statusOf(first?.url ?? "", instance, 1);
      expect(await driver.launch(spec, secrets)).toEqual(first);
      expect((await statusOf(first?.url ?? "", instance, 1)).inboxId).toBe(inboxId);
      expect(await driver.list(instance.name)).toHaveLength(1);
      await driver.destroy(instance.id, instance.name);
    });

    test("a newer epoch replaces the older on its state; an older one is refused", async () => {
      const instance = newInstance();
      const first = await driver.launch(specOf(instance, 1), secrets);
      await ready(first.url, instance, 1);
      const before = await statusOf(first.url, instance, 1);
      const second = await driver.launch(specOf(instance, 2), secrets);
      await ready(second.url, instance, 2);
      const after = await statusOf(second.url, instance, 2);
      const { inboxId, conversationId } = before;
      expect(after).toMatchObject({ epoch: 2, inboxId, conversationId });
      expect(second.externalId).toBe(first.externalId);
      await expect(statusOf(first.url, instance, 1)).rejects.toMatchObject({
        code: expect.stringMatching(/^agent-un/),
      });
      await expect(driver.launch(specOf(instance, 1), secrets)).rejects.toMatchObject({ code: "conflict" });
      expect(await driver.observe(instance.id, instance.name)).toMatchObject({ state: "running", epoch: 2 });
      await driver.destroy(instance.id, instance.name);
    });

    test("a crash is seen as exited, and both the same and the next epoch start again on the state", async () => {
      const instance = newInstance();
      const { id, name } = instance;
      const first = await driver.launch(specOf(instance, 1), secrets);
      await ready(first.url, instance, 1);
      const { inboxId } = await statusOf(first.url, instance, 1);
      for (const epoch of [1, 2]) {
        await under.crash(id, name);
        const { externalId } = first;
        await expect
          .poll(() => driver.observe(id, name), { timeout: 5_000 })
          .toEqual({ state: "exited", epoch: 1, externalId });
        expect(await driver.list(name)).toEqual([{ name, externalId, running: false }]);
        const again = await driver.launch(specOf(instance, epoch), secrets);
        await ready(again.url, instance, epoch);
        expect((await statusOf(again.url, instance, epoch)).inboxId).toBe(inboxId);
      }
      await driver.destroy(id, name);
    });

    test("destroy leaves neither process nor state, running or not, and may be repeated", async () => {
      const instance = newInstance();
      const { id, name } = instance;
      const first = await driver.launch(specOf(instance, 1), secrets);
      await ready(first.url, instance, 1);
      const { inboxId } = await statusOf(first.url, instance, 1);
      await Promise.all([driver.destroy(id, name), driver.destroy(id, name)]);
      expect(await driver.observe(id, name)).toEqual({ state: "absent" });
      expect(await driver.list(name)).toEqual([]);
      await expect(statusOf(first.url, instance, 1)).rejects.toMatchObject({
        code: expect.stringMatching(/^agent-un/),
      });
      const fresh = await driver.launch(specOf(instance, 1), secrets);
      await ready(fresh.url, instance, 1);
      expect((await statusOf(fresh.url, instance, 1)).inboxId).not.toBe(inboxId);
      await under.crash(id, name);
      await driver.destroy(id, name);
      await driver.destroy(id, name);
      expect(await driver.observe(id, name)).toEqual({ state: "absent" });
    });

    test("the inventory is by prefix and of all instances", async () => {
      const instances = [newInstance(), newInstance(), newInstance()];
      for (const instance of instances) await driver.launch(specOf(instance, 1), secrets);
      const listed = (await driver.list("ct-test-")).map(({ name }) => name);
      expect([...listed].sort()).toEqual(instances.map(({ name }) => name).sort());
      expect(await driver.list("other-")).toEqual([]);
      for (const { id, name } of instances) await driver.destroy(id, name);
      expect(await driver.list("ct-test-")).toEqual([]);
    });
  });
}
