import { buildSchema, parse, validate } from "graphql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PlatformError } from "../../domain/errors.ts";
import { SDL } from "../../infra/local/doubles/railway/sdl.ts";
import { type RailwayDouble, startRailwayDouble } from "../../infra/local/doubles/railway/server.ts";
import { RailwayClient } from "./client.ts";
import * as documents from "./documents.ts";
import { ensureWebhookRule } from "./webhook-rule.ts";

const PATCH = (value: string) => ({
  source: { image: "an/image:1" },
  deploy: { startCommand: "run" },
  variables: { A: { value } },
});

let double: RailwayDouble;
let client: RailwayClient;
const clientWith = (options: { token?: string; workspaceId?: string; fetch?: typeof fetch } = {}) => {
  const { url, token, workspaceId } = double;
  return new RailwayClient({ url, token, workspaceId, ...options });
};

beforeEach(async () => {
  double = await startRailwayDouble({ settings: { projectCreateWindowMs: 0 } });
  client = clientWith();
});
afterEach(() => double.close());

async function makeService() {
  const project = await client.createProject("a-project");
  const { id } = await client.createService(project.id, "a-service");
  return { projectId: project.id, environmentId: project.environmentId, serviceId: id };
}

it("sends only documents that the schema knows", () => {
  const schema = buildSchema(SDL);
  for (const document of Object.values(documents)) {
    const text = typeof document === "function" ? document(3) : document;
    expect(validate(schema, parse(text))).toEqual([]);
  }
});

describe("operations", () => {
  it("proves the credential and that it reaches the workspace", async () => {
    await client.checkCredential();
    await expect(clientWith({ token: "wrong" }).checkCredential()).rejects.toMatchObject({ code: "denied" });
    await expect(clientWith({ workspaceId: "another" }).checkCredential()).rejects.toMatchObject({
      code: "denied",
    });
  });

  it("makes, reads and deletes a project with service, volume and domain", async () => {
    const service = await makeService();
    const volume = await client.createVolume(service, "/data");
    const domain = await client.createDomain(service, 8080);
    expect(domain.domain).toMatch(/\.up\.railway\.app$/);
    const project = await client.project(service.projectId);
    expect(project).toMatchObject({ name: "a-project", primaryEnvironmentId: service.environmentId });
    expect(project.environments.edges[0]?.node.volumeInstances.edges[0]?.node).toMatchObject({
      mountPath: "/data",
      serviceId: service.serviceId,
      isPendingDeletion: false,
      volume: { id: volume.id },
    });
    await client.commitPatch(service, PATCH("1"), "first");
    double.advance(60_000);
    const state = await client.serviceState(service);
    expect(state).toMatchObject({ variables: { A: "1" }, domains: [{ id: domain.id }] });
    expect(await client.deployment(state.deployment?.id ?? "")).toMatchObject({ status: "SUCCESS" });
    expect(await client.domainsOf([service])).toEqual(
      [[{ ...domain }]].map((row) => [expect.objectContaining(row[0])]),
    );
    await client.deleteDomain(domain.id);
    await client.deleteVolume(volume.id);
    await client.deleteService(service.serviceId, service.environmentId);
    await client.deleteProject(service.projectId);
    expect(await client.projectHeads()).toEqual([]);
    expect(double.state()).toMatchObject({ projects: [], services: [], domains: [] });
  });

  it("reads every page and leaves out what is deleted", async () => {
    const names = Array.from({ length: 205 }, (_, index) => `p-${index}`);
    const first = await client.createProject("p-deleted");
    await client.deleteProject(first.id);
    for (const name of names) {
      await client.createProject(name);
      double.advance(1_000);
    }
    expect((await client.projectHeads()).map(({ name }) => name)).toEqual(names);
    expect((await client.projects()).map(({ name }) => name)).toEqual(names);
  });

  it("has one webhook rule for a URL, whatever was there", async () => {
    const url = "https://gateway.example/webhooks/railway/secret";
    const types = ["Deployment.deployed", "Deployment.crashed"];
    await client.createNotificationRule(url, ["Deployment.deployed"]);
    await client.createNotificationRule("https://another.example/", types);
    const { id } = await ensureWebhookRule(client, url, types);
    expect(await ensureWebhookRule(client, url, types)).toEqual({ id });
    await client.createNotificationRule(url, types);
    expect(await ensureWebhookRule(client, url, types)).toEqual({ id });
    expect(double.state().rules.map(({ origins }) => origins)).toEqual([
      ["https://another.example"],
      ["https://gateway.example"],
    ]);
  });
});

describe("failures", () => {
  it("says what the provider means by them", async () => {
    const service = await makeService();
    await client.deleteProject(service.projectId);
    await expect(client.project(service.projectId)).rejects.toMatchObject({ code: "denied" });
    await expect(client.deleteProject(service.projectId)).rejects.toMatchObject({ code: "denied" });
    await expect(clientWith({ token: "wrong" }).projectHeads()).rejects.toMatchObject({ code: "denied" });
    await expect(client.createProject("x".repeat(33))).rejects.toMatchObject({ code: "invalid" });
  });

  it("is throttled by the provider's own limits", async () => {
    await double.close();
    double = await startRailwayDouble({ settings: { volumesPerWindow: 1 } });
    client = clientWith();
    const service = await makeService();
    await expect(client.createProject("another")).rejects.toMatchObject({
      code: "throttled",
      retryAfterMs: 31_000,
    });
    await client.createVolume(service, "/data");
    await expect(client.createVolume(service, "/data")).rejects.toMatchObject({
      code: "throttled",
      retryAfterMs: 30_000,
    });
  });

  it.each([
    [{ kind: "status", status: 504, body: "upstream connect error" }, "ambiguous"],
    [{ kind: "html" }, "ambiguous"],
    [{ kind: "html", status: 200 }, "ambiguous"],
    [{ kind: "truncatedJson" }, "ambiguous"],
    [{ kind: "reset" }, "ambiguous"],
    [{ kind: "status", status: 200, body: { data: { projectCreate: { id: 7 } } } }, "ambiguous"],
    [{ kind: "status", status: 200, body: ["nonsense"] }, "ambiguous"],
    [{ kind: "429", retryAfterSeconds: 5 }, "throttled"],
    [{ kind: "provider", name: "cloudflare1015" }, "throttled"],
    [{ kind: "status", status: 400, body: {} }, "invalid"],
  ])("%o → %s", async (fault, code) => {
    double.faults.add({ match: { body: "projectCreate" }, fault });
    await expect(client.createProject("a-project")).rejects.toMatchObject({ code });
  });

  it("knows a provider that was never reached", async () => {
    await double.close();
    await expect(client.projectHeads()).rejects.toMatchObject({ code: "transient" });
    double = await startRailwayDouble();
  });

  it("lets an unknown status through", async () => {
    const deployment = { id: "d", status: "HIBERNATING", createdAt: "now", deploymentStopped: false };
    double.faults.add({ match: {}, fault: { kind: "status", status: 200, body: { data: { deployment } } } });
    expect(await client.deployment("d")).toMatchObject({ status: "HIBERNATING" });
  });

  it("makes every request by the fetch it was given, whose refusals come through", async () => {
    let calls = 0;
    const counted = clientWith({
      fetch: (...request) => {
        calls += 1;
        return fetch(...request);
      },
    });
    await counted.checkCredential();
    await counted.projectHeads();
    expect(calls).toBe(2);
    const refusing = clientWith({
      fetch: () => Promise.reject(new PlatformError("throttled", { retryAfterMs: 9 })),
    });
    await expect(refusing.projectHeads()).rejects.toMatchObject({ code: "throttled", retryAfterMs: 9 });
  });

  it("never says a token or what was sent", async () => {
    double.faults.add({
      match: {},
      fault: { kind: "status", status: 200, body: { errors: [{ message: `no: ${double.token} value` }] } },
    });
    const error: unknown = await client.projectHeads().catch((cause: unknown) => cause);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(double.token);
  });
});
