import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { IMAGE, standInContainers } from "../../activities/compute/docker/testing/stand-in-containers.ts";
import { BootstrapError, fetchSecrets } from "../../agent/server/bootstrap.ts";
import type { AgentSecrets } from "../../domain/agent-protocol.ts";
import { type InstanceId, parseInstanceId, resourceName } from "../../domain/ids.ts";
import { type DockerDouble, startDockerDouble } from "../local/doubles/docker/server.ts";
import { findLeaksBelow } from "./canary-search.ts";
import { explodeAndReadReceipt } from "./ended-receipt.ts";
import { eventually } from "./eventually.ts";
import { TestPlatform } from "./platform.ts";
import { holdings } from "./saga/platform-inventory.ts";
import { SUBJECTS } from "./saga/subjects.ts";

/**
 * The whole platform with its agents in Docker's containers, through one agent's life. The tests follow each other. The
 * containers come to their secrets as the real agent does.
 */
const TIMEOUT_MS = 60_000;

const stack = new AsyncDisposableStack();
const starts: { start: Parameters<typeof fetchSecrets>[0]; secrets: AgentSecrets }[] = [];
let dataDir: string;
let docker: DockerDouble;
let platform: TestPlatform;
let id: InstanceId;
let name: string;

async function redeem(token: string, env: Readonly<Record<string, string>>): Promise<AgentSecrets> {
  const { GATEWAY_URL: gatewayUrl = "", INSTANCE_ID: instanceId = "", EPOCH } = env;
  const start = { gatewayUrl, instanceId, epoch: Number(EPOCH), token, log: () => undefined };
  const secrets = await fetchSecrets(start);
  starts.push({ start, secrets });
  return secrets;
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "docker-estate-"));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  docker = await startDockerDouble({ dataDir, images: [IMAGE], runContainer: standInContainers(redeem) });
  stack.defer(() => docker.close());
  const environment = { DOCKER_URL: docker.url, AGENT_IMAGE: IMAGE };
  platform = stack.use(
    await TestPlatform.start({ target: 1, compute: "docker", allProviders: true, environment }),
  );
  await platform.run("workers", "claims", "gateway");
});
afterAll(() => stack.disposeAsync());

const audit = async () => (await platform.request("POST", "/api/pool/audit")).body;

it("provisions an agent and hands it over", async () => {
  await eventually("one is idle", async () => (await platform.counts()).idle === 1, TIMEOUT_MS);
  const { status, body } = await platform.claim("the-first");
  expect([status, body.status]).toEqual([200, "live"]);
  const parsed = parseInstanceId(String(body.instanceId));
  if (!parsed) throw new Error("the claim has no instance");
  id = parsed;
  name = resourceName("cv", "test", id);
}, 90_000);

it("tells Docker no secret of the agent but a token that was good once", async () => {
  const [first] = starts.filter(({ start }) => start.instanceId === id);
  if (!first) throw new Error("it was not started");
  const { equipment: _, ...own } = first.secrets;
  const secrets = { bootstrapToken: first.start.token, ...own };
  const canaries = Object.entries(secrets).map(([secret, text]) => ({ name: secret, text }));
  expect(canaries).toHaveLength(4);
  const kept = await findLeaksBelow(dataDir, "what Docker keeps", canaries);
  expect(kept).toEqual(["bootstrapToken in what Docker keeps"]);
  await expect(fetchSecrets(first.start)).rejects.toThrow(BootstrapError);
});

it("starts the next epoch on the same volume when its container has crashed", async () => {
  const before = docker.state().volumes.filter((volume) => volume.name === name);
  docker.crash(name);
  const isBack = async () => {
    const { epoch, state } = await platform.instance(id);
    return epoch === 2 && state === "claimed";
  };
  await eventually("it is claimed again", isBack, TIMEOUT_MS);
  expect(before).toHaveLength(1);
  expect(docker.state().volumes.filter((volume) => volume.name === name)).toEqual(before);
  const own = starts.filter(({ start }) => start.instanceId === id);
  expect(own.map(({ start }) => start.epoch)).toEqual([1, 2]);
}, 90_000);

it("leaves nothing behind it, says so in a receipt, and the audit finds nothing", async () => {
  const outcomes = await explodeAndReadReceipt(platform, id);
  const equipment = SUBJECTS.map(({ provider, kind }) => `${provider}/${kind}`);
  const absent = [...equipment, "compute/volume", "compute/container"].map((kind) => [
    kind,
    { kind: "absent" },
  ]);
  const wallet = { "bankr/wallet": { kind: "revoked-retained", balance: "0.00 USD" } };
  expect(outcomes).toEqual({ ...Object.fromEntries(absent), ...wallet });
  const { containers, volumes } = docker.state();
  expect([...containers, ...volumes].filter((one) => one.name === name)).toEqual([]);
  const { providers, ledger } = await holdings(platform, id);
  expect(providers).toEqual(ledger);
  await eventually("another is idle", async () => (await platform.counts()).idle === 1, TIMEOUT_MS);
  expect(await audit()).toEqual({ violations: [] });
}, 90_000);
