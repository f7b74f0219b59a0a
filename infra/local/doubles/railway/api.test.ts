import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startRailwayDouble } from "./server.ts";
import { TestRailway } from "./testing.ts";

const READ_PROJECT = "query($id: String!) { project(id: $id) { id } }";
const LIST =
  "query($first: Int, $after: String, $all: Boolean) { projects(first: $first, after: $after, includeDeleted: $all) { pageInfo { hasNextPage endCursor } edges { node { id name deletedAt } } } }";
const DELETE = "mutation($id: String!) { projectDelete(id: $id) }";
const RULE =
  "mutation($input: CreateNotificationRuleInput!) { notificationRuleCreate(input: $input) { id } }";

let test: TestRailway;
beforeEach(async () => {
  test = await TestRailway.start({ settings: { volumeCreateWindowMs: 0 } });
});
afterEach(() => test.close());

const messageOf = async (query: string, variables: Record<string, unknown>, token?: string) =>
  (await test.send(query, variables, token)).message;

describe("documents and failures", () => {
  it("RW-1: refuses what the schema does not know with 400", async () => {
    for (const [query, code] of [
      ["{ apiToken { workspaces { id nonsense } } }", "GRAPHQL_VALIDATION_FAILED"],
      ["mutation { projectCreate(input: {nonsense: 1}) { id } }", "GRAPHQL_VALIDATION_FAILED"],
      ["{ apiToken {", "GRAPHQL_PARSE_FAILED"],
    ] as const) {
      const answer = await test.send(query);
      expect([answer.status, answer.at("errors", 0, "extensions", "code")]).toEqual([400, code]);
    }
    const wrongType = await test.send(READ_PROJECT, { id: { not: "text" } });
    expect(wrongType.status).toBe(400);
  });

  it("RW-2, RW-9: says failures of the domain as 200; unknown, deleted and unauthorized look alike", async () => {
    const { id } = await test.project();
    await test.send(DELETE, { id });
    for (const [asked, token] of [
      [id, undefined],
      ["00000000-0000-4000-8000-000000000000", undefined],
      [id, "wrong"],
    ] as const) {
      const answer = await test.send(READ_PROJECT, { id: asked }, token);
      expect([answer.status, answer.message, answer.at("data")]).toEqual([200, "Not Authorized", null]);
      expect(answer.at("errors", 0, "extensions", "code")).toBe("INTERNAL_SERVER_ERROR");
    }
    expect((await test.send("{ apiToken { workspaces { id } } }", {}, null)).message).toBe("Not Authorized");
    await test.set({ deletedIds: "notFound" });
    expect(await messageOf(READ_PROJECT, { id })).toBe("Project not found");
    await test.set({ deletedIds: "null" });
    const nothing = await test.send(READ_PROJECT, { id });
    expect([nothing.at("data", "project"), nothing.message]).toEqual([null, undefined]);
  });

  it("refuses a name of more than 32 characters", async () => {
    const { answer } = await test.project("x".repeat(33));
    expect(answer.message).toBe("Invalid project name");
  });

  it("RW-3: makes one project in 30 s of virtual time", async () => {
    await test.project("first");
    const { answer } = await test.project("second");
    expect(answer.message).toBe("Only one project can be created per user every 30s");
    test.double.advance(30_000);
    expect((await test.project("second")).answer.message).toBeUndefined();
    expect(test.double.state().projects.map(({ name }) => name)).toEqual(["first", "second"]);
  });

  it("RW-4: slows down a burst of volumes", async () => {
    await test.set({ volumeCreateWindowMs: 30_000, volumesPerWindow: 2 });
    const { id } = await test.project();
    const service = await test.service(id);
    const messages = [];
    for (let count = 0; count < 3; count++) messages.push((await test.volume(id, service)).message);
    expect(messages).toEqual([undefined, undefined, expect.stringMatching(/^Whoa there pal!/)]);
    test.double.advance(30_000);
    expect((await test.volume(id, service)).message).toBeUndefined();
  });

  it("RW-5: names are not unique, unless set so", async () => {
    await test.set({ projectCreateWindowMs: 0 });
    await test.project("same");
    await test.project("same");
    expect(test.double.state().projects).toHaveLength(2);
    await test.set({ projectNamesUnique: true });
    expect((await test.project("same")).answer.message).toMatch(/already exists/);
  });

  it("RW-5: reads lag behind creation and deletion, writes do not", async () => {
    await test.set({ staleReadsMs: 20_000 });
    const { id, environmentId } = await test.project();
    const listed = async () => (await test.send(LIST)).at("data", "projects", "edges", 0, "node");
    expect(await listed()).toBeUndefined();
    expect(await messageOf(READ_PROJECT, { id })).toBe("Project not found");
    const service = await test.service(id);
    test.double.advance(19_000);
    expect(await listed()).toBeUndefined();
    test.double.advance(1_000);
    expect(await listed()).toMatchObject({ id, deletedAt: null });
    expect((await test.latest(service, environmentId)).id).toBeUndefined();
    await test.send(DELETE, { id });
    expect(await listed()).toMatchObject({ id, deletedAt: null });
    expect(await messageOf(DELETE, { id })).toBe("Not Authorized");
    test.double.advance(20_000);
    expect(await listed()).toMatchObject({ id, deletedAt: expect.any(String) });
    test.double.advance(60_000);
    expect(await listed()).toBeUndefined();
    expect((await test.send(LIST, { all: true })).at("data", "projects", "edges", 0, "node")).toMatchObject({
      id,
    });
  });

  it("pages projects", async () => {
    await test.set({ projectCreateWindowMs: 0 });
    for (const name of ["a", "b", "c"]) await test.project(name);
    const first = await test.send(LIST, { first: 2 });
    expect(first.at("data", "projects", "pageInfo", "hasNextPage")).toBe(true);
    const after = first.at("data", "projects", "pageInfo", "endCursor");
    const second = await test.send(LIST, { first: 2, after });
    expect(second.at("data", "projects", "edges", 0, "node", "name")).toBe("c");
    expect(second.at("data", "projects", "pageInfo", "hasNextPage")).toBe(false);
  });

  it("RW-10: counts requests, answers 429 with Retry-After, and stands behind Cloudflare", async () => {
    await test.set({ requestsPerHour: 2, requestsPerSecond: 50 });
    const ask = () => test.send("{ apiToken { workspaces { id } } }");
    const first = await ask();
    expect(first.headers.get("x-ratelimit-limit")).toBe("2");
    expect(first.headers.get("x-ratelimit-remaining")).toBe("1");
    await ask();
    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    test.double.advance(3_600_000);
    expect((await ask()).status).toBe(200);
    test.double.faults.add({ match: {}, fault: { kind: "provider", name: "cloudflare1015" } });
    const page = await ask();
    expect([page.headers.get("content-type"), page.text]).toEqual([
      "text/html; charset=UTF-8",
      expect.stringContaining("1015"),
    ]);
  });

  it("RW-11: can fail after the effect", async () => {
    test.double.faults.add({
      match: { body: "projectCreate" },
      fault: { kind: "status", status: 504 },
      position: "after",
    });
    expect((await test.project()).answer.status).toBe(504);
    expect(test.double.state().projects).toHaveLength(1);
  });
});

describe("volumes and rules", () => {
  it("RW-13: a service's end leaves its volume, whose deletion is pending for 48 h", async () => {
    const { id } = await test.project();
    const service = await test.service(id);
    const volumeId = (await test.volume(id, service)).at("data", "volumeCreate", "id");
    await test.send("mutation($id: String!) { serviceDelete(id: $id) }", { id: service });
    expect(test.double.state().volumes).toMatchObject([{ serviceId: null, isPendingDeletion: false }]);
    await test.send("mutation($id: String!) { volumeDelete(volumeId: $id) }", { id: volumeId });
    test.double.advance(47 * 3_600_000);
    const read = await test.send(
      "query($id: String!) { project(id: $id) { environments { edges { node { volumeInstances { edges { node { state isPendingDeletion } } } } } } } }",
      { id },
    );
    expect(read.text).toContain('{"state":"DELETING","isPendingDeletion":true}');
    test.double.advance(3_600_000);
    expect(test.double.state().volumes).toEqual([]);
  });

  it("RW-13: the assumption can be switched", async () => {
    await test.set({ serviceDeleteKeepsVolumes: false });
    const { id } = await test.project();
    const service = await test.service(id);
    await test.volume(id, service);
    await test.send("mutation($id: String!) { serviceDelete(id: $id) }", { id: service });
    expect(test.double.state().volumes).toMatchObject([{ isPendingDeletion: true }]);
  });

  it("RW-12: each creation makes another rule", async () => {
    const input = {
      workspaceId: test.double.workspaceId,
      eventTypes: ["Deployment.deployed"],
      channelConfigs: [{ type: "webhook", url: "http://127.0.0.1:9/secret-path" }],
    };
    await test.send(RULE, { input });
    await test.send(RULE, { input });
    expect(test.double.state().rules).toHaveLength(2);
    expect(JSON.stringify(test.double.state())).not.toContain("secret-path");
  });

  it("refuses settings that are not", async () => {
    expect((await test.set({ nonsense: 1 })).status).toBe(400);
    expect((await test.set({ staleReadsMs: -1 })).status).toBe(400);
    expect((await test.happen("nothing", "crash")).status).toBe(404);
  });
});

it("keeps its state and its clock over a restart, and shows no value of a variable", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "railway-state-"));
  const before = await TestRailway.start({ dataDir });
  const { id, environmentId } = await before.project("kept");
  const service = await before.service(id);
  await before.patch(environmentId, service, { TOKEN: "a-value" });
  before.double.advance(86_400_000);
  const stateBefore = before.double.state();
  expect(JSON.stringify(stateBefore)).not.toContain("a-value");
  const nowMs = before.double.nowMs();
  await before.close();
  const after = await startRailwayDouble({ dataDir });
  try {
    expect(after.state()).toEqual(stateBefore);
    expect(after.nowMs()).toBeGreaterThanOrEqual(nowMs);
  } finally {
    await after.close();
    rmSync(dataDir, { recursive: true });
  }
});
