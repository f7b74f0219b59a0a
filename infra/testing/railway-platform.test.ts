import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fetchSecrets } from "../../agent/server/bootstrap.ts";
import { type InstanceId, instanceWorkflowId, parseInstanceId, resourceName } from "../../domain/ids.ts";
import { findLeaksBelow } from "./canary-search.ts";
import { explodeAndReadReceipt } from "./ended-receipt.ts";
import { eventually } from "./eventually.ts";
import { TestPlatform } from "./platform.ts";
import { type RailwayEstate, type StartedAgent, startRailwayEstate } from "./railway-estate.ts";
import { holdings } from "./saga/platform-inventory.ts";
import { SUBJECTS } from "./saga/subjects.ts";

/**
 * The whole platform with its agents at Railway, through one agent's life. The tests follow each other. Railway's
 * reads lag, its deployments take their time, and its webhook is how the platform comes to know of a crash at once.
 */
const WEBHOOK_SECRET = randomBytes(24).toString("hex");
const TIMEOUT_MS = 60_000;

const stack = new AsyncDisposableStack();
let estate: RailwayEstate;
let platform: TestPlatform;
let id: InstanceId;
let claimed: Record<string, unknown>;

beforeAll(async () => {
  estate = stack.use(await startRailwayEstate());
  const environment = { ...estate.environment, RAILWAY_WEBHOOK_SECRET: WEBHOOK_SECRET };
  platform = stack.use(
    await TestPlatform.start({ target: 1, compute: "railway", allProviders: true, environment }),
  );
  const webhookUrl = `${platform.apiUrl}/webhooks/railway/${WEBHOOK_SECRET}`;
  await platform.runWith("workers", { RAILWAY_WEBHOOK_URL: webhookUrl });
  await platform.run("claims", "gateway");
});
afterAll(() => stack.disposeAsync());

const nameOf = (instance: InstanceId) => resourceName("cv", "test", instance);
const audit = async () => (await platform.request("POST", "/api/pool/audit")).body;

/** What Railway has of the instance now. */
function atRailway(instance: InstanceId) {
  const { projects, services, volumes, domains } = estate.double.state();
  const ids = projects.filter(({ name }) => name === nameOf(instance)).map((project) => project.id);
  const own = services.filter(({ projectId }) => ids.includes(projectId));
  return {
    projects: ids,
    services: own.map((service) => service.id),
    volumes: volumes.filter(
      ({ projectId, isPendingDeletion }) => ids.includes(projectId) && !isPendingDeletion,
    ),
    domains: domains.filter(({ serviceId }) => own.some((service) => service.id === serviceId)),
  };
}

function startedOf(instance: InstanceId): readonly StartedAgent[] {
  return estate.started.filter(({ instanceId }) => instanceId === instance);
}

it("provisions an agent and hands it over", async () => {
  await eventually("one is idle", async () => (await platform.counts()).idle === 1, TIMEOUT_MS);
  const { status, body } = await platform.claim("the-first");
  expect([status, body.status]).toEqual([200, "live"]);
  claimed = body;
  const parsed = parseInstanceId(String(body.instanceId));
  if (!parsed) throw new Error("the claim has no instance");
  id = parsed;
  const { projects, services, volumes, domains } = atRailway(id);
  expect([projects, services, volumes, domains].map(({ length }) => length)).toEqual([1, 1, 1, 1]);
  expect(await platform.instance(id)).toMatchObject({ state: "claimed", epoch: 1 });
}, 90_000);

describe("what Railway is told", () => {
  it("holds no secret of an agent, only the token with which it fetched them", async () => {
    const agents = startedOf(id);
    expect(agents).toHaveLength(1);
    const secrets = agents.flatMap(({ secrets, bootstrapToken }) => [
      ...Object.entries(secrets).map(([name, text]) => ({ name, text })),
      { name: "bootstrapToken", text: bootstrapToken },
    ]);
    expect(secrets.map(({ name }) => name).sort()).toEqual([
      "bootstrapToken",
      "instanceSecret",
      "modelKey",
      "stateKey",
    ]);
    const kept = await findLeaksBelow(estate.dataDir, "what Railway keeps", secrets);
    expect(kept).toEqual(["bootstrapToken in what Railway keeps"]);
  });

  it("is a token that was good once", async () => {
    const [agent] = startedOf(id);
    if (!agent) throw new Error("it was not started");
    const { instanceId, epoch, gatewayUrl, bootstrapToken: token } = agent;
    const again = fetchSecrets({ instanceId, epoch, gatewayUrl, token, log: () => undefined });
    await expect(again).rejects.toMatchObject({ name: "BootstrapError", kind: "refused" });
  });
});

describe("a webhook of Railway", () => {
  it("that says crashed of what runs only makes the platform look", async () => {
    const lifecycle = platform.temporal.workflow.getHandle(instanceWorkflowId(id));
    const looks = async () => {
      const { events } = await lifecycle.fetchHistory();
      return (events ?? []).filter((event) => event.activityTaskCompletedEventAttributes).length;
    };
    const before = await looks();
    const url = `${platform.apiUrl}/webhooks/railway/${WEBHOOK_SECRET}`;
    const event = { type: "Deployment.crashed", resource: { service: { name: nameOf(id) } } };
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(event) });
    expect(answer.status).toBe(200);
    await eventually("it has looked", async () => (await looks()) > before);
    expect(await audit()).toEqual({ violations: [] });
    expect(await platform.instance(id)).toMatchObject({ state: "claimed", epoch: 1 });
  });

  it("of a crash brings the next epoch, on the same volume and with the same claim", async () => {
    const before = atRailway(id);
    await estate.crash(id);
    await eventually(
      "it is claimed again",
      async () => {
        const { epoch, state } = await platform.instance(id);
        return epoch === 2 && state === "claimed";
      },
      TIMEOUT_MS,
    );
    expect(atRailway(id)).toEqual(before);
    const [first, second, ...more] = startedOf(id);
    expect(more).toEqual([]);
    expect([first?.epoch, second?.epoch]).toEqual([1, 2]);
    expect(second?.volumeDir).toBe(first?.volumeDir);
    expect(second?.secrets).toEqual(first?.secrets);
    expect(second?.bootstrapToken).not.toBe(first?.bootstrapToken);
    expect((await platform.claim("the-first")).body).toEqual(claimed);
  }, 90_000);
});

describe("its end", () => {
  const EQUIPMENT = SUBJECTS.map(({ provider, kind }) => `${provider}/${kind}`);
  const RAILWAY = ["project", "service", "volume", "domain"].map((kind) => `compute/${kind}`);

  it("leaves nothing at any provider but what is retained, and a receipt that says so", async () => {
    const { volumes } = atRailway(id);
    const outcomes = await explodeAndReadReceipt(platform, id);
    const absent = [...EQUIPMENT, ...RAILWAY].map((kind) => [kind, { kind: "absent" }]);
    expect(outcomes).toEqual({
      ...Object.fromEntries(absent),
      "bankr/wallet": { kind: "revoked-retained", balance: "0.00 USD" },
      "compute/volume": { kind: "pending-deletion", until: expect.any(String) },
    });

    expect(atRailway(id)).toEqual({ projects: [], services: [], volumes: [], domains: [] });
    const left = estate.double.state().volumes.filter((each) => volumes.some((one) => one.id === each.id));
    expect(left.map(({ isPendingDeletion }) => isPendingDeletion)).toEqual([true]);
    const { providers, ledger } = await holdings(platform, id);
    expect(providers).toEqual(ledger);
  }, 90_000);

  it("leaves nothing that the audit would find", async () => {
    await eventually("another is idle", async () => (await platform.counts()).idle === 1, TIMEOUT_MS);
    expect(await audit()).toEqual({ violations: [] });
  }, 90_000);
});
