import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestRig } from "./testing/rig.ts";

let rig: TestRig;
beforeEach(async () => {
  rig = await TestRig.start();
});
afterEach(() => rig.close());

describe("observe", () => {
  it("says absent after two looks half a minute apart, and does not wait itself", async () => {
    await expect(rig.observe()).rejects.toMatchObject({ code: "transient" });
    rig.double.advance(29_000);
    await expect(rig.observe()).rejects.toMatchObject({ code: "transient" });
    rig.double.advance(1_000);
    expect(await rig.observe()).toEqual({ state: "absent" });
    expect(rig.waitedMs).toBe(0);
  });

  it("never takes a refused credential for an absence", async () => {
    await rig.launch(1);
    const refused = rig.newDriver(rig.clientWith("wrong"));
    for (let look = 0; look < 3; look++) {
      await expect(rig.observe(refused)).rejects.toMatchObject({ code: "denied" });
      rig.double.advance(60_000);
    }
  });

  it("never takes a token of another workspace for an absence", async () => {
    rig.double.faults.add({
      match: { body: "ApiToken" },
      fault: { kind: "status", status: 200, body: { data: { apiToken: { workspaces: [{ id: "other" }] } } } },
    });
    await expect(rig.observe()).rejects.toMatchObject({ code: "denied" });
  });

  it("asks for the proof of the credential when what is listed cannot be read", async () => {
    await rig.launch(1);
    const refused = { kind: "status", status: 200, body: { errors: [{ message: "Not Authorized" }] } };
    rig.failOn("query Project\\(", "before", refused);
    await expect(rig.observe(rig.newDriver())).rejects.toMatchObject({ code: "transient" });
    rig.failOn("query Project\\(", "before", refused);
    rig.failOn("ApiToken", "before", refused);
    await expect(rig.observe(rig.newDriver())).rejects.toMatchObject({ code: "denied" });
  });

  it("says running from the patch on, with the epoch of the deployed variables", async () => {
    const { url, externalIds } = await rig.launch(1);
    const running = { state: "running", epoch: 1, url, externalId: externalIds.service };
    for (let step = 0; step < 5; step++) {
      expect(await rig.observe()).toEqual(running);
      expect(await rig.observe(rig.newDriver())).toEqual(running);
      rig.double.advance(5_000);
    }
    await rig.happen(externalIds.service, "redeploy");
    rig.double.advance(60_000);
    expect(await rig.observe()).toEqual(running);
    await rig.happen(externalIds.service, "sleep");
    expect(await rig.observe()).toEqual(running);
    await rig.launch(2);
    expect(await rig.observe()).toEqual({ ...running, epoch: 2 });
  });

  it.each(["crash", "oom", "exit"])("says exited after: %s", async (happening) => {
    const { externalIds } = await rig.launch(1);
    rig.double.advance(60_000);
    await rig.happen(externalIds.service, happening);
    expect(await rig.observe()).toEqual({ state: "exited", epoch: 1, externalId: externalIds.service });
  });

  it.each([
    ["FAILED", "exited"],
    ["CRASHED", "exited"],
    ["SLEEPING", "running"],
    ["stuckBuilding", "running"],
  ] as const)("of a deployment that ends as %s says %s", async (deployOutcome, state) => {
    await rig.set({ deployOutcome });
    await rig.launch(1);
    rig.double.advance(60_000);
    expect(await rig.observe()).toMatchObject({ state, epoch: 1 });
  });

  it("takes a status nobody has heard of for one under way", async () => {
    const { externalIds } = await rig.launch(1);
    const body = {
      data: {
        serviceInstance: {
          latestDeployment: { id: "d", status: "HIBERNATING", createdAt: "now", deploymentStopped: false },
        },
        domains: { serviceDomains: [{ id: externalIds.domain, domain: "a.example" }] },
        variables: { EPOCH: "1" },
      },
    };
    rig.double.faults.add({ match: { body: "ServiceState" }, fault: { kind: "status", status: 200, body } });
    expect(await rig.observe()).toMatchObject({ state: "running", url: "https://a.example" });
  });

  it("does not take the deployment before a patch for the one after it", async () => {
    const { externalIds } = await rig.launch(1);
    rig.double.advance(60_000);
    await rig.happen(externalIds.service, "crash");
    const before = rig.double.state().deployments.at(-1);
    await rig.launch(2);
    const body = (now: number) => ({
      data: {
        serviceInstance: {
          latestDeployment: { id: before?.id, status: "CRASHED", createdAt: "now", deploymentStopped: false },
        },
        domains: { serviceDomains: [{ id: externalIds.domain, domain: "a.example" }] },
        variables: { EPOCH: "2", _REPLACES: before?.id, _DEPLOY_TS: new Date(now).toISOString() },
      },
    });
    const lag = (now: number) =>
      rig.double.faults.add({
        match: { body: "ServiceState" },
        fault: { kind: "status", status: 200, body: body(now) },
      });
    lag(rig.double.nowMs());
    expect(await rig.observe()).toMatchObject({ state: "running", epoch: 2 });
    lag(rig.double.nowMs() - 60_000);
    expect(await rig.observe()).toMatchObject({ state: "exited", epoch: 2 });
  });

  it("does not judge by reads from before its own patch", async () => {
    await rig.launch(1);
    rig.double.advance(60_000);
    const { externalIds } = await rig.launch(2);
    const state = {
      serviceInstance: {
        latestDeployment: { id: "old", status: "SUCCESS", createdAt: "now", deploymentStopped: false },
      },
      domains: { serviceDomains: [{ id: externalIds.domain, domain: "a.example" }] },
      variables: { EPOCH: "1" },
    };
    rig.double.faults.add({
      match: { body: "ServiceState" },
      fault: { kind: "status", status: 200, body: { data: state } },
    });
    await expect(rig.observe()).rejects.toMatchObject({ code: "transient" });
    expect(await rig.observe()).toMatchObject({ epoch: 2 });
  });

  it("says exited without an epoch of what a launch left unfinished, once reads must show more", async () => {
    const { id } = await rig.client.createProject(rig.instance.name);
    await expect(rig.observe()).rejects.toMatchObject({ code: "transient" });
    rig.double.advance(30_000);
    expect(await rig.observe()).toEqual({ state: "exited", epoch: 0, externalId: id });
  });

  it("asks for one project when it knows it, and finds it anew when it was replaced", async () => {
    await rig.launch(1);
    await rig.client.deleteProject(rig.double.state().projects[0]?.id ?? "");
    await rig.set({ projectCreateWindowMs: 0, deletedProjectsLingerMs: 0 });
    const { id } = await rig.client.createProject(rig.instance.name);
    rig.double.advance(60_000);
    expect(await rig.observe()).toEqual({ state: "exited", epoch: 0, externalId: id });
  });
});

describe("list", () => {
  it("shows each thing under the prefix, and which service runs", async () => {
    const { externalIds } = await rig.launch(1);
    await rig.set({ projectCreateWindowMs: 0 });
    await rig.client.createProject("other-project");
    const { name } = rig.instance;
    const items = await rig.driver.list("ct-");
    expect(items).toHaveLength(4);
    for (const [kind, externalId] of Object.entries(externalIds))
      expect(items).toContainEqual({ kind, name, externalId, running: kind === "service" });
    await rig.client.deleteVolume(externalIds.volume ?? "");
    rig.double.advance(60_000);
    await rig.happen(externalIds.service, "crash");
    const after = await rig.driver.list(name);
    expect(after.map(({ kind }) => kind)).toEqual(["project", "service", "domain"]);
    expect(after.some(({ running }) => running)).toBe(false);
    expect(await rig.driver.list("nobody-")).toEqual([]);
  });

  it("asks for the domains of many services at once", async () => {
    await rig.set({ projectCreateWindowMs: 0 });
    for (let count = 0; count < 25; count++) {
      const { id, environmentId } = await rig.client.createProject(`many-${count}`);
      const service = await rig.client.createService(id, `many-${count}`);
      await rig.client.createDomain({ projectId: id, environmentId, serviceId: service.id }, 8080);
    }
    const items = await rig.driver.list("many-");
    expect(items.filter(({ kind }) => kind === "domain")).toHaveLength(25);
    expect(items).toHaveLength(75);
  });

  it("fails rather than showing too little", async () => {
    await expect(rig.newDriver(rig.clientWith("wrong")).list("ct-")).rejects.toMatchObject({
      code: "denied",
    });
    await rig.launch(1);
    rig.failOn("DomainsOfMany", "before", {
      kind: "status",
      status: 200,
      body: { errors: [{ message: "Not Authorized" }] },
    });
    await expect(rig.driver.list("ct-")).rejects.toMatchObject({ code: "transient" });
  });
});
