import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ContainerSpec } from "./server.ts";
import { TestRailway } from "./testing.ts";

let test: TestRailway;
let closing: (() => Promise<void>)[] = [];
beforeEach(async () => {
  test = await TestRailway.start();
  closing = [];
});
afterEach(async () => {
  await test.close();
  for (const close of closing) await close();
});

async function deployed(variables: Record<string, string> = { A: "1" }) {
  const { id, environmentId } = await test.project();
  const service = await test.service(id);
  await test.patch(environmentId, service, variables);
  return { id, environmentId, service, latest: () => test.latest(service, environmentId) };
}

async function listen(answer: (request: { path: string; body: string }) => string): Promise<string> {
  const server: Server = createServer((request, response) => {
    text(request).then((body) => response.end(answer({ path: request.url ?? "", body })));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on TCP");
  return `http://127.0.0.1:${address.port}`;
}

describe("a deployment", () => {
  it("RW-6: walks through its states on the clock", async () => {
    const { latest } = await deployed();
    const seen = [];
    for (let step = 0; step < 5; step++) {
      seen.push((await latest()).status);
      test.double.advance(5_000);
    }
    expect(seen).toEqual(["INITIALIZING", "BUILDING", "DEPLOYING", "SUCCESS", "SUCCESS"]);
  });

  it.each([
    ["FAILED", "FAILED"],
    ["CRASHED", "CRASHED"],
    ["SLEEPING", "SLEEPING"],
    ["stuckBuilding", "BUILDING"],
  ])("RW-6: can end otherwise: %s", async (deployOutcome, status) => {
    await test.set({ deployOutcome });
    const { latest } = await deployed();
    test.double.advance(3_600_000);
    expect((await latest()).status).toBe(status);
  });

  it("RW-6: is replaced by one that nobody asked for", async () => {
    const { latest, service } = await deployed();
    test.double.advance(60_000);
    const first = await latest();
    expect((await test.happen(service, "redeploy")).status).toBe(200);
    test.double.advance(60_000);
    const second = await latest();
    expect(second.status).toBe("SUCCESS");
    expect(second.id).not.toBe(first.id);
    expect(test.double.state().deployments.map(({ status }) => status)).toEqual(["REMOVED", "SUCCESS"]);
  });

  it("RW-6: crashes, runs out of memory, ends and sleeps", async () => {
    const { latest, service } = await deployed();
    test.double.advance(60_000);
    for (const [happening, status] of [
      ["sleep", "SLEEPING"],
      ["resume", "SUCCESS"],
      ["crash", "CRASHED"],
      ["oom", "CRASHED"],
    ] as const) {
      await test.happen(service, happening);
      expect((await latest()).status).toBe(status);
    }
    await test.happen(service, "redeploy");
    test.double.advance(60_000);
    await test.happen(service, "exit");
    expect((await latest()).status).toBe("SUCCESS");
    expect(test.double.state().deployments.at(-1)?.stopped).toBe(true);
  });

  it("RW-7: starts at once when a service is made with an image", async () => {
    const { id, environmentId } = await test.project();
    const bare = await test.service(id);
    expect((await test.latest(bare, environmentId)).id).toBeUndefined();
    const service = await test.service(id, { source: { image: "an/image:1" } });
    expect((await test.latest(service, environmentId)).status).toBe("INITIALIZING");
    expect(test.double.state().deployments).toMatchObject([{ variables: [] }]);
  });

  it("RW-8: is not made by a patch without a difference", async () => {
    const { service, environmentId } = await deployed({ A: "1" });
    const again = await test.patch(environmentId, service, { A: "1" });
    expect(again.at("data", "environmentPatchCommit")).toEqual(expect.any(String));
    expect(test.double.state().deployments).toHaveLength(1);
    await test.patch(environmentId, service, { A: "1", _DEPLOY_TS: "2" });
    expect(test.double.state().deployments).toHaveLength(2);
  });

  it("fails with two volumes at one path", async () => {
    const { id, service, environmentId } = await deployed();
    await test.volume(id, service);
    await test.volume(id, service);
    const { message } = await test.patch(environmentId, service, { A: "2" });
    expect(message).toBe("Failed to create deployment");
  });
});

describe("webhooks", () => {
  const types: string[] = [];
  async function receive(settings: Record<string, unknown>, rules = 1) {
    types.length = 0;
    const bodies: string[] = [];
    const url = await listen(({ path, body }) => {
      bodies.push(`${path} ${body}`);
      return "{}";
    });
    await test.set(settings);
    for (let count = 0; count < rules; count++) {
      await test.send(
        "mutation($input: CreateNotificationRuleInput!) { notificationRuleCreate(input: $input) { id } }",
        {
          input: {
            workspaceId: test.double.workspaceId,
            eventTypes: ["Deployment.deployed", "Deployment.crashed"],
            channelConfigs: [{ type: "webhook", url: `${url}/hook` }],
          },
        },
      );
    }
    const made = await deployed();
    test.double.advance(60_000);
    return { bodies, ...made };
  }
  const typesOf = (bodies: string[]) => bodies.map((body) => /"type":"([^"]+)"/.exec(body)?.[1]);

  it("RW-12: are sent to each rule's URL, once for each rule, unsigned", async () => {
    const { bodies, service } = await receive({}, 2);
    await expect.poll(() => bodies.length).toBe(2);
    const [path, json = "{}"] = bodies[0]?.split(/ (.*)/) ?? [];
    expect(path).toBe("/hook");
    expect(JSON.parse(json)).toMatchObject({
      type: "Deployment.deployed",
      details: { status: "SUCCESS" },
      resource: { service: { id: service }, project: { name: "a-project" } },
      severity: "INFO",
      timestamp: expect.any(String),
    });
  });

  it("can be duplicated, dropped and contradict the API", async () => {
    const { bodies, service } = await receive({ webhookCopies: 2, webhookContradicts: true });
    await expect.poll(() => bodies.length).toBe(2);
    expect(bodies[0]).toContain('"status":"FAILED"');
    await test.set({ webhookCopies: 0 });
    await test.happen(service, "crash");
    await test.set({ webhookCopies: 1 });
    await test.happen(service, "redeploy");
    test.double.advance(60_000);
    const deployed = "Deployment.deployed";
    await expect.poll(() => typesOf(bodies)).toEqual([deployed, deployed, deployed]);
  });

  it("can come in the wrong order", async () => {
    const { bodies, service } = await receive({ webhookReorder: true });
    await test.happen(service, "crash");
    await expect.poll(() => typesOf(bodies)).toEqual(["Deployment.crashed", "Deployment.deployed"]);
  });
});

describe("containers", () => {
  it("answer behind a local domain, with variables and volume, until the service goes", async () => {
    const specs: ContainerSpec[] = [];
    let stops = 0;
    await test.close();
    test = await TestRailway.start({
      localDomains: true,
      settings: { deployStepMs: 0 },
      async runContainer(spec) {
        specs.push(spec);
        const url = await listen(({ path, body }) => `${spec.variables.A} ${path} ${body}`);
        return {
          url,
          async stop() {
            stops += 1;
          },
        };
      },
    });
    const { id, environmentId } = await test.project();
    const service = await test.service(id);
    await test.volume(id, service);
    const domain = await test.domain(service, environmentId);
    const ask = async () => {
      const response = await fetch(`http://${domain}/a/path?q=1`, { method: "POST", body: "hello" });
      return `${response.status} ${await response.text()}`;
    };
    expect(await ask()).toContain("502 ");
    await test.patch(environmentId, service, { A: "1" });
    await expect.poll(ask).toBe("200 1 /a/path?q=1 hello");
    expect(specs[0]).toMatchObject({
      image: "an/image:1",
      variables: { RAILWAY_PUBLIC_DOMAIN: domain, RAILWAY_VOLUME_MOUNT_PATH: "/data" },
    });
    await test.patch(environmentId, service, { A: "2" });
    await expect.poll(ask).toBe("200 2 /a/path?q=1 hello");
    expect(stops).toBe(1);
    expect(specs[1]?.volumeDir).toBe(specs[0]?.volumeDir);
    await test.send("mutation($id: String!) { projectDelete(id: $id) }", { id });
    expect(await ask()).toContain("404 ");
    await expect.poll(() => stops).toBe(2);
  });

  it("make the deployment crash or end as they do", async () => {
    const exits: ((code: number) => void)[] = [];
    await test.close();
    test = await TestRailway.start({
      settings: { deployStepMs: 0 },
      async runContainer() {
        const { promise, resolve } = Promise.withResolvers<number>();
        exits.push(resolve);
        return { url: "http://127.0.0.1:9", stop: async () => undefined, exited: promise };
      },
    });
    const { latest, service, environmentId } = await deployed();
    await expect.poll(async () => (await latest()).status).toBe("SUCCESS");
    exits[0]?.(1);
    await expect.poll(async () => (await latest()).status).toBe("CRASHED");
    await test.patch(environmentId, service, { A: "2" });
    await expect.poll(async () => (await latest()).status).toBe("SUCCESS");
    exits[1]?.(0);
    await expect.poll(() => test.double.state().deployments.at(-1)?.stopped).toBe(true);
  });

  it("that cannot be started fail the deployment", async () => {
    await test.close();
    test = await TestRailway.start({
      settings: { deployStepMs: 0 },
      runContainer: () => Promise.reject(new Error("no such image")),
    });
    const { latest } = await deployed();
    await expect.poll(async () => (await latest()).status).toBe("FAILED");
  });
});
