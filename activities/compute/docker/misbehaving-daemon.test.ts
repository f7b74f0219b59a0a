import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AgentSecrets } from "../../../domain/agent-protocol.ts";
import { type DockerDouble, startDockerDouble } from "../../../infra/local/doubles/docker/server.ts";
import { epochOf, newInstance, newSecrets } from "../compute-contract.ts";
import { destroyAll, type LaunchGrant } from "../driver.ts";
import type { DockerDriver } from "./docker-driver.ts";
import { IMAGE, openDriver, REPOSITORY, standInContainers } from "./testing/stand-in-containers.ts";

/** What the daemon does otherwise than asked, and what becomes of it. */

let docker: DockerDouble;
let driver: DockerDriver;
const secrets: AgentSecrets = newSecrets();
const tokens = new Set<string>();
const { id, name } = newInstance();
let grant: LaunchGrant;

beforeEach(async () => {
  tokens.clear();
  docker = await startDockerDouble({
    remoteImages: [IMAGE],
    runContainer: standInContainers((token) => (tokens.delete(token) ? secrets : undefined)),
  });
  driver = openDriver(docker);
  let count = 0;
  grant = {
    secrets,
    // As the registry's: the newest one is the only one that is good.
    issueBootstrapToken: async () => {
      count += 1;
      tokens.clear();
      tokens.add(`token-${count}`);
      return `token-${count}`;
    },
  };
});
afterEach(() => docker.close());

const spec = (epoch = 1, more: object = {}) => ({
  instanceId: id,
  name,
  epoch: epochOf(epoch),
  generation: "g",
  environment: { GATEWAY_URL: "http://127.0.0.1:9" },
  ...more,
});
const launch = (epoch = 1, by = driver) => by.launch(spec(epoch), grant);
const control = async (method: string, path: string, body: object) => {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${docker.url}/__double/docker${path}`, {
    method,
    headers,
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
};
const become = (state: object) => control("PATCH", `/containers/${name}`, state);
const fault = (path: string, more: object) => docker.faults.add({ match: { path }, ...more });
const names = () => docker.state().containers.map((container) => container.name);

describe("an effect that came to pass although the daemon said it failed", () => {
  test.each([
    ["volume create", "POST", "^/volumes/create$"],
    ["container create", "POST", "^/containers/create$"],
    ["container start", "POST", "/start$"],
  ])("%s: the next try has one of each, and its agent runs", async (_what, method, path) => {
    docker.faults.add({ match: { method, path }, position: "after", fault: { kind: "status", status: 500 } });
    await expect(launch()).rejects.toMatchObject({ code: "ambiguous" });
    const { url } = await launch();
    expect(await driver.observe(id, name)).toMatchObject({ state: "running", url });
    expect(names()).toEqual([name]);
    expect(docker.state().volumes).toHaveLength(1);
  });

  test("a connection that breaks is ambiguous, one that is never made is not", async () => {
    await launch();
    fault("^/containers/create$", { position: "after", fault: { kind: "reset" } });
    docker.crash(name);
    await expect(launch()).rejects.toMatchObject({ code: "ambiguous" });
    const { port } = docker;
    await docker.close();
    await expect(openDriver({ host: "127.0.0.1", port }).list("ct-")).rejects.toMatchObject({
      code: "transient",
    });
    docker = await startDockerDouble();
  });

  test.each([
    ["container", "^/containers/[0-9a-f]+$"],
    ["volume", "^/volumes/ct-"],
  ])("a %s that is removed all the same", async (kind, path) => {
    await launch();
    if (kind === "volume") await driver.destroy(id, name, "container");
    docker.faults.add({ match: { method: "DELETE", path }, position: "after", fault: { kind: "reset" } });
    await expect(driver.destroy(id, name, kind)).rejects.toMatchObject({ code: "ambiguous" });
    expect(await driver.destroy(id, name, kind)).toEqual({ kind: "absent" });
  });
});

describe("the name of a container", () => {
  test("that is somebody else's is neither used nor removed", async () => {
    await launch();
    const foreign = openDriver(docker, { environment: "production" });
    const code = "conflict";
    await expect(foreign.launch(spec(), grant)).rejects.toMatchObject({ code });
    await expect(foreign.observe(id, name)).rejects.toMatchObject({ code });
    await expect(foreign.destroy(id, name, "container")).rejects.toMatchObject({ code });
    await expect(foreign.destroy(id, name, "volume")).rejects.toMatchObject({ code });
    expect(await foreign.list("ct-")).toEqual([]);
    expect(await foreign.exited()).toEqual([]);
    const other = newInstance().id;
    await expect(driver.destroy(other, name, "container")).rejects.toMatchObject({ code });
    expect(await driver.observe(id, name)).toMatchObject({ state: "running" });
  });

  test("that was taken between look and create is another launch's", async () => {
    const conflict = { kind: "status", status: 409, body: { message: "Conflict. The container name …" } };
    fault("^/containers/create$", { fault: conflict });
    await expect(launch()).rejects.toMatchObject({ code: "transient" });
    fault("^/containers/create$", { position: "after", fault: conflict });
    await expect(launch()).rejects.toMatchObject({ code: "transient" });
    await launch();
    expect(names()).toEqual([name]);
  });

  test("is waited for while its removal goes on, whoever began it", async () => {
    await launch();
    docker.crash(name);
    docker.configure({ removalMs: 400 });
    const begun = Date.now();
    const removing = driver.destroy(id, name, "container");
    await expect.poll(() => docker.state().containers.map(({ status }) => status)).toEqual(["removing"]);
    expect(await driver.observe(id, name)).toMatchObject({ state: "exited" });
    const again = openDriver(docker).destroy(id, name, "container");
    expect(await Promise.all([removing, again])).toEqual([{ kind: "absent" }, { kind: "absent" }]);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(390);
    await launch();
    docker.crash(name);
    await launch(2);
    expect(await driver.observe(id, name)).toMatchObject({ state: "running", epoch: 2 });
  });
});

test("launches by two workers at once leave at most one container, and the next one an agent with its secrets", async () => {
  const tries = await Promise.allSettled([launch(), launch(1, openDriver(docker))]);
  for (const result of tries)
    if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "transient" });
  expect(names().length).toBeLessThanOrEqual(1);
  // The token of one may have taken the place of the other's; that one is refused and ends.
  await expect.poll(() => launch().then(({ url }) => url, String)).toMatch(/^http:/);
  expect(names()).toEqual([name]);
});

test("a container that is started already is fine", async () => {
  fault("/start$", { position: "after", fault: { kind: "status", status: 304 } });
  await launch();
  expect(await driver.observe(id, name)).toMatchObject({ state: "running" });
});

test("a volume in use is not removed, and the two are removed in order", async () => {
  await launch();
  await expect(driver.destroy(id, name, "volume")).rejects.toMatchObject({ code: "transient" });
  await destroyAll(driver, id, name);
  expect(docker.state()).toMatchObject({ containers: [], volumes: [] });
});

describe("what the state of a container means", () => {
  test.each([
    ["created", "exited"],
    ["paused", "exited"],
    ["restarting", "exited"],
    ["removing", "exited"],
    ["dead", "exited"],
    ["exited", "exited"],
    ["running", "running"],
  ])("%s is %s", async (status, state) => {
    await launch();
    await become({ status });
    expect(await driver.observe(id, name)).toMatchObject({ state, epoch: 1 });
    expect((await driver.list(name)).map((item) => item.running)).toEqual([false, status === "running"]);
    expect(await driver.exited()).toEqual(
      status === "exited" || status === "dead" ? [{ instanceId: id, epoch: 1 }] : [],
    );
    await become({ status: "exited" });
  });

  test("one that was killed for its memory has exited", async () => {
    await launch();
    await control("POST", `/containers/${name}/crash`, { oomKilled: true });
    expect(await driver.observe(id, name)).toMatchObject({ state: "exited", epoch: 1 });
    expect(await driver.exited()).toEqual([{ instanceId: id, epoch: 1 }]);
  });

  test("unhealthy is for the platform's own probe to judge: it runs", async () => {
    await launch();
    for (const health of ["healthy", "unhealthy"]) {
      await become({ health });
      expect(await driver.observe(id, name)).toMatchObject({ state: "running" });
    }
  });

  test("an agent whose token is refused ends the launch, and the next one has a good token", async () => {
    const stale = { secrets, issueBootstrapToken: async () => "not-issued" };
    await expect(driver.launch(spec(), stale)).rejects.toMatchObject({
      code: "transient",
      detail: expect.stringContaining("exit code 127"),
    });
    expect(await driver.observe(id, name)).toMatchObject({ state: "exited", epoch: 1 });
    await launch();
    expect(await driver.observe(id, name)).toMatchObject({ state: "running", epoch: 1 });
  });

  test("one that never listens does not hold the launch up for ever", async () => {
    const silent = await startDockerDouble({ images: [IMAGE] });
    try {
      const patient = openDriver(silent, { launchTimeoutMs: 300 });
      await expect(patient.launch(spec(), grant)).rejects.toMatchObject({ code: "transient" });
      await expect(patient.observe(id, name)).rejects.toMatchObject({ code: "transient" });
    } finally {
      await silent.close();
    }
  });
});

describe("a missing image", () => {
  test("is pulled by its digest, once", async () => {
    await launch();
    await launch(2);
    const pulls = docker.urls().filter((url) => url.startsWith("POST /images/create"));
    expect(pulls.map(decodeURIComponent)).toEqual([
      `POST /images/create?fromImage=${REPOSITORY}&tag=${IMAGE.split("@")[1]}`,
    ]);
  });

  test.each([
    ["toomanyrequests: You have reached your pull rate limit", "throttled"],
    ["unauthorized: authentication required", "denied"],
    ["manifest unknown: manifest unknown", "invalid"],
    ["net/http: TLS handshake timeout", "transient"],
  ])("whose pull ends with %j is %s, and nothing is made", async (pullError, code) => {
    docker.configure({ pullError });
    const failure: unknown = await launch().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    expect(JSON.stringify(failure)).not.toContain(pullError);
    expect(docker.state()).toMatchObject({ containers: [], volumes: [] });
    expect(tokens.size).toBe(0);
  });

  test("whose pull breaks off is no image", async () => {
    docker.configure({ pullBreaksOff: true });
    await expect(launch()).rejects.toMatchObject({ code: "transient" });
    docker.configure({ pullBreaksOff: false });
    fault("^/images/create$", { position: "after", fault: { kind: "reset" } });
    await expect(launch()).rejects.toMatchObject({ name: "PlatformError", code: "transient" });
    fault("^/images/create$", { fault: { kind: "hang" } });
    const hasty = openDriver(await startOther(), { pullTimeoutMs: 200 });
    await expect(hasty.launch(spec(), grant)).rejects.toMatchObject({ code: "invalid" });
  });

  test("that no registry has, or that is only an id, is invalid", async () => {
    const unknown = `example.org/other@sha256:${"f".repeat(64)}`;
    const local = `sha256:${"f".repeat(64)}`;
    for (const image of [unknown, local])
      await expect(launch(1, openDriver(docker, { image }))).rejects.toMatchObject({ code: "invalid" });
    expect(() => openDriver(docker, { image: "convos/agent:latest" })).toThrow(RangeError);
  });

  test("and a pull that takes too long is tried again", async () => {
    fault("^/images/create$", { fault: { kind: "hang" } });
    await expect(launch(1, openDriver(docker, { pullTimeoutMs: 200 }))).rejects.toMatchObject({
      code: "transient",
    });
    await launch();
  });

  const others: DockerDouble[] = [];
  const startOther = async () => {
    const other = await startDockerDouble();
    others.push(other);
    return other;
  };
  afterEach(async () => {
    for (const other of others.splice(0)) await other.close();
  });
});

describe("classification of answers", () => {
  test.each([
    [400, "invalid"],
    [401, "denied"],
    [403, "denied"],
    [429, "throttled"],
    [500, "ambiguous"],
    [503, "ambiguous"],
  ])("%d to a write is %s", async (status, code) => {
    fault("^/volumes/create$", { fault: { kind: "status", status, body: { message: "private words" } } });
    const failure: unknown = await launch().catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "PlatformError", code });
    expect(JSON.stringify(failure)).not.toContain("private words");
  });

  test.each([
    [401, "denied"],
    [403, "denied"],
    [500, "transient"],
  ])("%d to a read is %s, never absence", async (status, code) => {
    await launch();
    fault(".", { times: 4, fault: { kind: "status", status } });
    await expect(driver.observe(id, name)).rejects.toMatchObject({ code });
    await expect(driver.destroy(id, name, "container")).rejects.toMatchObject({ code });
    await expect(driver.list("ct-")).rejects.toMatchObject({ code });
  });

  test.each([{ kind: "html", status: 200 }, { kind: "truncatedJson" }, { kind: "reset" }])(
    "an answer that is none (%j) is transient",
    async (kind) => {
      await launch();
      fault("^/containers/", { position: "after", fault: kind });
      await expect(driver.observe(id, name)).rejects.toMatchObject({ code: "transient" });
      expect(await driver.observe(id, name)).toMatchObject({ state: "running" });
    },
  );

  test("a socket that is not there is transient, whatever DOCKER_HOST says", async () => {
    const before = process.env.DOCKER_HOST;
    process.env.DOCKER_HOST = `tcp://127.0.0.1:${docker.port}`;
    try {
      const away = openDriver(docker, { daemon: { socketPath: "/nowhere/docker.sock" } });
      await expect(away.list("ct-")).rejects.toMatchObject({ code: "transient" });
    } finally {
      if (before === undefined) delete process.env.DOCKER_HOST;
      else process.env.DOCKER_HOST = before;
    }
  });
});
