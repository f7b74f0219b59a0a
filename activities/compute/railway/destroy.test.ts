import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestRig } from "./testing/rig.ts";

let rig: TestRig;
beforeEach(async () => {
  rig = await TestRig.start();
});
afterEach(() => rig.close());

const KINDS = ["domain", "volume", "service", "project"] as const;

describe("destroy", () => {
  it("ends each kind, in reverse order, with its outcome as read back", async () => {
    await rig.launch(1);
    rig.double.advance(60_000);
    const atMs = rig.double.nowMs();
    expect(await rig.destroy("domain")).toEqual({ kind: "absent" });
    expect(rig.double.state().domains).toEqual([]);
    const volume = await rig.destroy("volume");
    expect(volume).toEqual({ kind: "pending-deletion", until: expect.any(String) });
    const untilMs = volume.kind === "pending-deletion" ? Date.parse(volume.until) : 0;
    expect(Math.abs(untilMs - atMs - 48 * 3_600_000)).toBeLessThan(60_000);
    expect(await rig.destroy("service")).toEqual({ kind: "absent" });
    expect(await rig.destroy("project")).toEqual({ kind: "absent" });
    expect(rig.double.state()).toMatchObject({ projects: [], services: [], domains: [] });
    expect(rig.waitedMs).toBe(0);
  });

  it("says that a volume is absent once the provider shows it no more", async () => {
    await rig.launch(1);
    await rig.destroy("volume");
    expect(await rig.destroy("volume")).toMatchObject({ kind: "pending-deletion" });
    rig.double.advance(48 * 3_600_000);
    expect(await rig.destroy("volume")).toEqual({ kind: "absent" });
  });

  it("may be repeated, by another process too, and of nothing it waits for the proof", async () => {
    await rig.launch(1);
    for (const kind of KINDS) await rig.destroy(kind);
    for (const kind of KINDS) expect(await rig.destroy(kind, rig.newDriver())).toEqual({ kind: "absent" });
    expect(rig.waitedMs).toBe(4 * 30_000);
    rig.waitedMs = 0;
    const driver = rig.newDriver();
    for (const kind of KINDS) expect(await rig.destroy(kind, driver)).toEqual({ kind: "absent" });
    expect(rig.waitedMs).toBe(30_000);
    await expect(rig.destroy("mailbox")).rejects.toMatchObject({ code: "invalid" });
  });

  it("deletes nothing and says denied with a bad credential", async () => {
    await rig.launch(1);
    rig.double.advance(60_000);
    const before = rig.double.state();
    const refused = rig.newDriver(rig.clientWith("wrong"));
    for (const kind of KINDS)
      await expect(rig.destroy(kind, refused)).rejects.toMatchObject({ code: "denied" });
    expect(rig.double.state()).toEqual(before);
  });

  it("says denied when the provider refuses what it still shows", async () => {
    await rig.launch(1);
    const body = { errors: [{ message: "Not Authorized" }] };
    rig.failOn("projectDelete", "before", { kind: "status", status: 200, body });
    await expect(rig.destroy("project")).rejects.toMatchObject({ code: "denied" });
    expect(rig.double.state().projects).toHaveLength(1);
  });

  const OPERATIONS = ["serviceDomainDelete", "volumeDelete", "serviceDelete", "projectDelete"];
  it.each(
    OPERATIONS.flatMap((operation) =>
      (["before", "after"] as const).map((position) => ({ operation, position })),
    ),
  )("ends when $operation fails with 504 $position its effect, while reads lag", async (row) => {
    await rig.launchUntilDone(1);
    await rig.set({ staleReadsMs: 12_000 });
    rig.double.advance(60_000);
    rig.failOn(row.operation, row.position, { kind: "status", status: 504 });
    const outcomes = [];
    for (const kind of KINDS) outcomes.push((await rig.destroyUntilDone(kind)).kind);
    expect(outcomes).toEqual(["absent", "pending-deletion", "absent", "absent"]);
    expect(rig.double.state()).toMatchObject({ projects: [], services: [], domains: [] });
    expect(rig.double.state().volumes.every(({ isPendingDeletion }) => isPendingDeletion)).toBe(true);
  });

  it("finds the project of a create whose answer was lost and that is not shown yet", async () => {
    await rig.set({ staleReadsMs: 25_000 });
    await rig.client.createProject(rig.instance.name);
    for (const kind of KINDS) await rig.destroyUntilDone(kind);
    expect(rig.double.state().projects).toEqual([]);
  });

  it("finds the volume of a create whose answer was lost and that is not shown yet", async () => {
    await rig.set({ staleReadsMs: 25_000 });
    const { id, environmentId } = await rig.client.createProject(rig.instance.name);
    rig.double.advance(60_000);
    const service = await rig.client.createService(id, rig.instance.name);
    await rig.client.createVolume({ projectId: id, environmentId, serviceId: service.id }, "/data");
    expect(await rig.destroy("volume")).toMatchObject({ kind: "pending-deletion" });
  });

  it("takes every project of exactly the name, and no other", async () => {
    await rig.set({ projectCreateWindowMs: 0 });
    await rig.client.createProject(`${rig.instance.name}-2`);
    await rig.client.createProject(rig.instance.name);
    await rig.client.createProject(rig.instance.name);
    rig.double.advance(60_000);
    expect(await rig.destroy("project")).toEqual({ kind: "absent" });
    expect(rig.double.state().projects.map(({ name }) => name)).toEqual([`${rig.instance.name}-2`]);
  });

  it("is not done while the volume of a lost service is there", async () => {
    const { externalIds } = await rig.launch(1);
    const { environmentId = "" } = rig.double.state().projects[0] ?? {};
    await rig.client.deleteService(externalIds.service ?? "", environmentId);
    rig.double.advance(60_000);
    expect(rig.double.state().volumes).toMatchObject([{ serviceId: null, isPendingDeletion: false }]);
    expect(await rig.destroy("volume")).toMatchObject({ kind: "pending-deletion" });
  });
});
