import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestRig } from "./testing/rig.ts";

let rig: TestRig;
beforeEach(async () => {
  rig = await TestRig.start();
});
afterEach(() => rig.close());

/** One of each, and nothing beside. */
function expectOneOfEach(): void {
  const { projects, services, volumes, domains } = rig.double.state();
  expect(projects.map(({ name }) => name)).toEqual([rig.instance.name]);
  expect([services.length, volumes.length, domains.length]).toEqual([1, 1, 1]);
}

describe("a launch", () => {
  it("makes project, service, volume and domain, then deploys in one step without a secret", async () => {
    const { url, externalIds } = await rig.driver.launch(
      rig.spec(1, { GATEWAY_URL: "https://gateway.example" }),
      rig.grant(),
    );
    expect(rig.waitedMs).toBe(0);
    expectOneOfEach();
    const { projects, services, volumes, domains, deployments } = rig.double.state();
    expect(externalIds).toEqual({
      project: projects[0]?.id,
      service: services[0]?.id,
      volume: volumes[0]?.id,
      domain: domains[0]?.id,
    });
    expect(url).toBe(`https://${domains[0]?.domain}`);
    expect(services[0]?.image).toBe("agent:test");
    expect(volumes[0]).toMatchObject({ mountPath: "/data", serviceId: services[0]?.id });
    expect(deployments).toHaveLength(1);
    const { variables } = await rig.client.serviceState({
      projectId: projects[0]?.id ?? "",
      environmentId: projects[0]?.environmentId ?? "",
      serviceId: services[0]?.id ?? "",
    });
    expect(variables).toMatchObject({
      EPOCH: "1",
      INSTANCE_ID: rig.instance.id,
      GENERATION: "g1",
      PORT: "8080",
      STATE_DIR: "/data",
      GATEWAY_URL: "https://gateway.example",
      BOOTSTRAP_TOKEN: "a-bootstrap-token",
      _DEPLOY_TS: expect.stringMatching(/^\d{4}-/),
    });
    for (const secret of Object.values(rig.secrets)) expect(JSON.stringify(variables)).not.toContain(secret);
  });

  it("refuses to put a secret into a variable", async () => {
    const spec = rig.spec(1, { LEAK: `key ${rig.secrets.modelKey}` });
    await expect(rig.driver.launch(spec, rig.grant())).rejects.toMatchObject({
      code: "invalid",
      detail: expect.not.stringContaining(rig.secrets.modelKey),
    });
    expect(rig.double.state().deployments).toEqual([]);
  });

  it("is throttled with the provider's pause when projects are made too fast", async () => {
    await rig.client.createProject("another");
    await expect(rig.launch(1)).rejects.toMatchObject({ code: "throttled", retryAfterMs: 31_000 });
  });

  it("deploys each epoch once, the next one by another patch, and never an older one", async () => {
    const first = await rig.launch(1);
    expect(await rig.launch(1, rig.newDriver())).toEqual(first);
    expect(rig.double.state().deployments).toHaveLength(1);
    expect(await rig.launch(2, rig.newDriver())).toEqual(first);
    rig.double.advance(60_000);
    expect(rig.double.state().deployments.map(({ status }) => status)).toEqual(["REMOVED", "SUCCESS"]);
    await expect(rig.launch(1, rig.newDriver())).rejects.toMatchObject({ code: "conflict" });
    expectOneOfEach();
  });

  it("deploys an epoch again that has ended", async () => {
    const { externalIds } = await rig.launch(1);
    rig.double.advance(60_000);
    await rig.happen(externalIds.service, "crash");
    expect((await rig.launch(1)).externalIds).toEqual(externalIds);
    expect(rig.double.state().deployments).toHaveLength(2);
  });
});

describe("a launch that is repeated", () => {
  it("adopts the project whose creation was answered with 504 once reads show it", async () => {
    await rig.set({ staleReadsMs: 28_000 });
    rig.failOn("projectCreate", "after", { kind: "status", status: 504 });
    await rig.launch(1);
    expect(rig.waitedMs).toBeGreaterThanOrEqual(30_000);
    expectOneOfEach();
  });

  it("creates again only after two looks half a minute apart", async () => {
    rig.failOn("projectCreate", "before", { kind: "status", status: 504 });
    await expect(rig.launch(1)).rejects.toMatchObject({ code: "transient" });
    expect(rig.waitedMs).toBe(30_000);
    expect(rig.double.state().projects).toEqual([]);
    await rig.launch(1);
    expectOneOfEach();
  });

  const OPERATIONS = [
    "projectCreate",
    "serviceCreate",
    "volumeCreate",
    "serviceDomainCreate",
    "environmentPatchCommit",
  ];
  const FAULTS = [
    ["after", { kind: "status", status: 504 }],
    ["after", { kind: "reset" }],
    ["after", { kind: "truncatedJson" }],
    ["before", { kind: "status", status: 504 }],
    ["before", { kind: "429", retryAfterSeconds: 3 }],
    ["before", { kind: "provider", name: "cloudflare1015" }],
  ] as const;
  it.each(
    OPERATIONS.flatMap((operation) => FAULTS.map(([position, fault]) => ({ operation, position, fault }))),
  )(
    "ends with one of each: $operation fails $position its effect with $fault",
    async ({ operation, position, fault }) => {
      await rig.set({ staleReadsMs: 20_000 });
      rig.failOn(operation, position, fault);
      await rig.launchUntilDone(1);
      rig.double.advance(60_000);
      expectOneOfEach();
      expect(await rig.observe()).toMatchObject({ state: "running", epoch: 1 });
    },
  );

  it("by a process that knows nothing does not make a second volume while reads lag", async () => {
    await rig.set({ staleReadsMs: 28_000 });
    rig.failOn("serviceCreate", "before", { kind: "429", retryAfterSeconds: 1 });
    await expect(rig.launch(1)).rejects.toMatchObject({ code: "throttled" });
    rig.double.advance(28_000);
    rig.failOn("serviceDomainCreate", "before", { kind: "429", retryAfterSeconds: 1 });
    await expect(rig.launch(1, rig.newDriver())).rejects.toMatchObject({ code: "throttled" });
    expect(rig.double.state().volumes).toHaveLength(1);
    await rig.launch(1, rig.newDriver());
    expectOneOfEach();
  });

  it("by the same process uses the project that the list does not show yet", async () => {
    await rig.set({ staleReadsMs: 20_000, projectCreateWindowMs: 0 });
    rig.failOn("serviceCreate", "before", { kind: "429", retryAfterSeconds: 1 });
    await expect(rig.launch(1)).rejects.toMatchObject({ code: "throttled" });
    await expect(rig.launch(1)).rejects.toMatchObject({ code: "transient" });
    rig.double.advance(20_000);
    await rig.launch(1);
    expectOneOfEach();
  });

  it("adopts where names are unique and the first creation was not seen", async () => {
    await rig.set({ projectNamesUnique: true, staleReadsMs: 20_000, projectCreateWindowMs: 0 });
    await rig.client.createProject(rig.instance.name);
    await rig.launch(1);
    expectOneOfEach();
  });
});

describe("several projects of one name", () => {
  beforeEach(() => rig.set({ projectCreateWindowMs: 0 }));

  it("become one: what is empty goes, what was deployed stays, others are let alone", async () => {
    await rig.client.createProject(rig.instance.name);
    rig.double.advance(1_000);
    const second = await rig.client.createProject(rig.instance.name);
    const sibling = await rig.client.createProject(`${rig.instance.name}-x`);
    await rig.client.createService(second.id, rig.instance.name);
    rig.double.advance(60_000);
    expect((await rig.launch(1)).externalIds.project).toBe(second.id);
    expect(rig.double.state().projects.map(({ id }) => id)).toEqual([second.id, sibling.id]);
  });

  it("are not judged while they are new", async () => {
    await rig.client.createProject(rig.instance.name);
    await rig.client.createProject(rig.instance.name);
    await expect(rig.launch(1)).rejects.toMatchObject({ code: "transient" });
    expect(rig.double.state().projects).toHaveLength(2);
    rig.double.advance(30_000);
    await rig.launch(1);
    expectOneOfEach();
  });

  it("are a conflict when two have something in them", async () => {
    for (let count = 0; count < 2; count++) {
      const { id } = await rig.client.createProject(rig.instance.name);
      await rig.client.createService(id, "something");
    }
    rig.double.advance(60_000);
    await expect(rig.launch(1)).rejects.toMatchObject({ code: "conflict" });
    expect(rig.double.state().projects).toHaveLength(2);
  });
});

describe("several volumes", () => {
  it("become one before anything has run, and are a conflict after it", async () => {
    const { id, environmentId } = await rig.client.createProject(rig.instance.name);
    const service = await rig.client.createService(id, rig.instance.name);
    const ref = { projectId: id, environmentId, serviceId: service.id };
    const first = await rig.client.createVolume(ref, "/data");
    rig.double.advance(1_000);
    await rig.client.createVolume(ref, "/data");
    expect((await rig.launch(1)).externalIds.volume).toBe(first.id);
    expect(rig.double.state().volumes.filter((volume) => !volume.isPendingDeletion)).toHaveLength(1);
    await rig.client.createVolume(ref, "/data");
    await expect(rig.launch(2)).rejects.toMatchObject({ code: "conflict" });
  });

  it("are never joined by another when one hangs on no service", async () => {
    const { externalIds } = await rig.launch(1);
    const { environmentId = "" } = rig.double.state().projects[0] ?? {};
    await rig.client.deleteService(externalIds.service ?? "", environmentId);
    await expect(rig.launch(2)).rejects.toMatchObject({ code: "conflict" });
    expect(rig.double.state().volumes).toHaveLength(1);
  });
});
