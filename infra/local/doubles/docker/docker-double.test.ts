import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DockerDouble, type DockerDoubleOptions, startDockerDouble } from "./server.ts";

/** DK-1, through dockerode alone. */

const IMAGE = "agent:1";
let double: DockerDouble;
let docker: Docker;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "docker-double-test-"));
  await open({ images: [IMAGE] });
});
afterEach(async () => {
  await double.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(options: DockerDoubleOptions): Promise<void> {
  double = await startDockerDouble(options);
  docker = new Docker({ host: double.host, port: double.port, protocol: "http", timeout: 5_000 });
}
async function reopen(options: DockerDoubleOptions): Promise<void> {
  await double.close();
  await open(options);
}
const create = (name: string, more: Docker.ContainerCreateOptions = {}) => {
  const options: Docker.ContainerCreateOptions & { _query: object; _body: object } = {
    _query: { name },
    _body: { Image: IMAGE, ...more },
  };
  return docker.createContainer(options);
};
const mount = (Source: string): Docker.ContainerCreateOptions => ({
  HostConfig: { Mounts: [{ Type: "volume", Source, Target: "/state" }] },
});
const control = (method: string, path: string, body: object) =>
  fetch(`${double.url}/__double/docker${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

describe("a container", () => {
  test("is created, runs, ends and is gone, under its name and its id", async () => {
    const { id } = await create("one", { Labels: { app: "x" }, Env: ["A=b=c"] });
    const one = docker.getContainer("one");
    expect((await one.inspect()).State).toMatchObject({ Status: "created", Running: false, ExitCode: 0 });
    await one.start();
    expect(await docker.getContainer(id).inspect()).toMatchObject({
      Id: id,
      Name: "/one",
      State: { Status: "running", Running: true },
      Config: { Env: ["A=b=c"], Labels: { app: "x" } },
    });
    await one.stop({ t: 1 });
    expect((await one.inspect()).State).toMatchObject({ Status: "exited", ExitCode: 143 });
    await one.remove();
    await expect(one.inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  test("whose name is taken is 409 and names the holder", async () => {
    const { id } = await create("one");
    const failure = create("one");
    await expect(failure).rejects.toMatchObject({ statusCode: 409 });
    await expect(failure).rejects.toThrow(`The container name "/one" is already in use by container "${id}"`);
  });

  test.each([
    [{ Image: "other:1" }, "two", 404, "No such image"],
    [{}, "-", 400, "Invalid container name"],
    [{ HostConfig: { Mounts: [{ Type: "bind" }] } }, "two", 400, "invalid JSON"],
  ])("made of %j as %j is %d", async (body, name, status, text) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${double.url}/containers/create?name=${name}`, {
      method: "POST",
      headers,
      body: JSON.stringify({ Image: IMAGE, ...body }),
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ message: expect.stringContaining(text) });
  });

  test("started or stopped twice is 304, which dockerode throws", async () => {
    const one = await create("one");
    await expect(one.stop()).rejects.toMatchObject({ statusCode: 304 });
    await one.start();
    await expect(one.start()).rejects.toMatchObject({ statusCode: 304 });
  });

  test("that runs is removed by force only", async () => {
    const one = await create("one");
    await one.start();
    await expect(one.remove()).rejects.toMatchObject({ statusCode: 409 });
    await one.remove({ force: true });
    expect(double.state().containers).toEqual([]);
  });

  test("whose removal takes time is 409 to a second one and keeps its name", async () => {
    const one = await create("one");
    await control("PATCH", "/settings", { removalMs: 60_000 });
    const removal = fetch(`${double.url}/containers/one`, { method: "DELETE" });
    await expect.poll(() => double.state().containers[0]?.status).toBe("removing");
    await expect(one.remove()).rejects.toThrow("removal of container");
    await expect(create("one")).rejects.toMatchObject({ statusCode: 409 });
    await expect(one.start()).rejects.toMatchObject({ statusCode: 409 });
    await fetch(`${double.url}/__double/clock`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ advanceMs: 61_000 }),
    });
    await expect(one.inspect()).rejects.toMatchObject({ statusCode: 404 });
    await double.close();
    await expect(removal).rejects.toThrow();
    await open({});
  });

  test("killed for its memory says so; with a restart policy it is restarting, without end", async () => {
    const one = await create("one");
    await one.start();
    expect((await control("POST", "/containers/one/crash", { oomKilled: true })).status).toBe(200);
    expect((await one.inspect()).State).toMatchObject({ Status: "exited", ExitCode: 137, OOMKilled: true });
    const looping = await create("two", { HostConfig: { RestartPolicy: { Name: "on-failure" } } });
    await looping.start();
    await control("POST", "/containers/two/crash", { exitCode: 1 });
    expect(await looping.inspect()).toMatchObject({ RestartCount: 1, State: { Status: "restarting" } });
    expect((await control("POST", "/containers/two/crash", {})).status).toBe(404);
  });

  test("becomes healthy and unhealthy when it is told to", async () => {
    const one = await create("one");
    await one.start();
    expect((await one.inspect()).State.Health).toBeUndefined();
    for (const health of ["healthy", "unhealthy"]) {
      await control("PATCH", "/containers/one", { health });
      expect((await one.inspect()).State).toMatchObject({ Status: "running", Health: { Status: health } });
    }
    expect((await control("PATCH", "/containers/one", { health: "splendid" })).status).toBe(400);
  });
});

describe("listings", () => {
  test("leave out what does not run unless all is asked for, and match labels", async () => {
    await create("one", { Labels: { app: "x" } });
    const two = await create("two", { Labels: { app: "y" } });
    await two.start();
    const list = async (options: Docker.ContainerListOptions) =>
      (await docker.listContainers(options)).flatMap(({ Names }) => Names);
    expect(await list({})).toEqual(["/two"]);
    expect(await list({ all: true })).toEqual(["/two", "/one"]);
    expect(await list({ all: true, filters: { label: ["app=x"] } })).toEqual(["/one"]);
    expect(await list({ all: true, filters: { label: ["app"], status: ["created"] } })).toEqual(["/one"]);
    await expect(list({ filters: { nonsense: ["x"] } })).rejects.toMatchObject({ statusCode: 400 });
  });

  test("volumes by label", async () => {
    await docker.createVolume({ Name: "v-one", Labels: { app: "x" } });
    await docker.createVolume({ Name: "v-two" });
    const { Volumes } = await docker.listVolumes({ filters: { label: ["app=x"] } });
    expect(Volumes.map(({ Name }) => Name)).toEqual(["v-one"]);
  });
});

describe("a volume", () => {
  test("is made once: a second create answers the one that is there", async () => {
    await docker.createVolume({ Name: "v-one", Labels: { app: "x" } });
    await docker.createVolume({ Name: "v-one", Labels: { app: "y" } });
    expect((await docker.getVolume("v-one").inspect()).Labels).toEqual({ app: "x" });
  });

  test("outlives its container, is 409 while in use, and goes with its files", async () => {
    const one = await create("one", mount("v-one"));
    const volume = docker.getVolume("v-one");
    const { Mountpoint } = await volume.inspect();
    await writeFile(join(Mountpoint, "file"), "kept");
    await expect(volume.remove()).rejects.toMatchObject({ statusCode: 409 });
    await one.remove({ v: true });
    expect(await readFile(join(Mountpoint, "file"), "utf8")).toBe("kept");
    await volume.remove();
    await expect(readFile(join(Mountpoint, "file"))).rejects.toThrow("ENOENT");
    await expect(volume.remove()).rejects.toMatchObject({ statusCode: 404 });
  });
});

describe("a pull", () => {
  const pull = async (image: string): Promise<Record<string, unknown>[]> => {
    const stream = await docker.pull(image);
    return new Promise((resolve, reject) =>
      docker.modem.followProgress(stream, (error: Error | null, lines: Record<string, unknown>[]) =>
        error ? reject(error) : resolve(lines),
      ),
    );
  };

  test("brings the image; an unknown one is 404", async () => {
    await reopen({ remoteImages: ["example.org/agent:2"] });
    await expect(docker.getImage("example.org/agent:2").inspect()).rejects.toMatchObject({ statusCode: 404 });
    expect((await pull("example.org/agent:2")).length).toBeGreaterThan(1);
    expect(double.state().images).toEqual(["example.org/agent:2"]);
    expect(await docker.getImage("example.org/agent:2").inspect()).toMatchObject({ Id: expect.any(String) });
    await expect(pull("example.org/other:1")).rejects.toMatchObject({ statusCode: 404 });
  });

  test("that fails is 200 all the same, and says so in its last line", async () => {
    await reopen({ remoteImages: [IMAGE] });
    double.configure({ pullError: "toomanyrequests" });
    expect((await pull(IMAGE)).at(-1)).toMatchObject({ error: "toomanyrequests" });
    expect(double.state().images).toEqual([]);
  });
});

describe("what runs in a container's place", () => {
  test("gets environment and volume, is shown by its port, and its end is seen", async () => {
    const seen: unknown[] = [];
    const { promise: exit, resolve: giveExit } = Promise.withResolvers<(code: number) => void>();
    let stopped = 0;
    await reopen({
      images: [IMAGE],
      runContainer: async (start) => {
        seen.push(start.env, Object.keys(start.mounts), start.name);
        giveExit(start.exit);
        return {
          port: 4321,
          stop: async () => {
            stopped += 1;
          },
        };
      },
    });
    const options: Docker.ContainerCreateOptions = {
      Env: ["A=b=c"],
      HostConfig: { ...mount("v-one").HostConfig, PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1" }] } },
    };
    const one = await create("one", options);
    await one.start();
    const ports = async () => (await one.inspect()).NetworkSettings.Ports;
    await expect.poll(ports).toEqual({ "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "4321" }] });
    expect(seen).toEqual([{ A: "b=c" }, ["/state"], "one"]);
    (await exit)(3);
    expect((await one.inspect()).State).toMatchObject({ Status: "exited", ExitCode: 3 });
    expect(await ports()).toEqual({});
    await one.start();
    await one.remove({ force: true });
    await double.close();
    expect(stopped).toBe(1);
    await open({});
  });

  test("and cannot be started is exit code 127", async () => {
    await reopen({ images: [IMAGE], runContainer: () => Promise.reject(new Error("no such program")) });
    const one = await create("one");
    await one.start();
    await expect.poll(async () => (await one.inspect()).State.ExitCode).toBe(127);
  });
});

test("a daemon that is stopped leaves its containers ended and its volumes as they are", async () => {
  await reopen({ images: [IMAGE], dataDir: folder });
  await docker.createVolume({ Name: "v-one" });
  await (await create("one")).start();
  await reopen({ dataDir: folder });
  expect(double.state()).toMatchObject({
    containers: [{ name: "one", status: "exited" }],
    volumes: [{ name: "v-one" }],
    images: [IMAGE],
  });
  expect(JSON.stringify(await (await fetch(`${double.url}/__double/state`)).json())).not.toContain("Env");
});
