import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AgentSecrets } from "../../../domain/agent-protocol.ts";
import { type DockerDouble, startDockerDouble } from "../../../infra/local/doubles/docker/server.ts";
import { epochOf, newInstance, newSecrets } from "../compute-contract.ts";
import { destroyAll } from "../driver.ts";
import { IMAGE, openDriver, standInContainers } from "./testing/stand-in-containers.ts";

let docker: DockerDouble;
const secrets: AgentSecrets = newSecrets();
const TOKEN = randomBytes(32).toString("base64url");

beforeEach(async () => {
  docker = await startDockerDouble({
    remoteImages: [IMAGE],
    runContainer: standInContainers((token) => (token === TOKEN ? secrets : undefined)),
  });
});
afterEach(() => docker.close());

async function launched(options: Parameters<typeof openDriver>[1] = {}) {
  const { id, name } = newInstance();
  const environment = { GATEWAY_URL: "http://127.0.0.1:9", MODEL_ID: "value-of-the-environment" };
  const spec = { instanceId: id, name, epoch: epochOf(7), generation: "g2", environment };
  const driver = openDriver(docker, options);
  await driver.launch(spec, { secrets, issueBootstrapToken: async () => TOKEN });
  return { id, name, driver, body: docker.createBody(name) };
}

test("the container is made exactly so", async () => {
  const { id, name, body } = await launched();
  const volumeLabels = { "convos.environment": "test", "convos.instance": id };
  expect(body).toEqual({
    Image: IMAGE,
    User: "0:0",
    Env: [
      "GATEWAY_URL=http://127.0.0.1:9",
      "MODEL_ID=value-of-the-environment",
      `INSTANCE_ID=${id}`,
      "EPOCH=7",
      "GENERATION=g2",
      "HOST=0.0.0.0",
      "PORT=8080",
      "HOME=/state",
      "STATE_DIR=/state",
      `BOOTSTRAP_TOKEN=${TOKEN}`,
    ],
    Labels: { ...volumeLabels, "convos.epoch": "7", "convos.generation": "g2" },
    ExposedPorts: { "8080/tcp": {} },
    StopTimeout: 10,
    HostConfig: {
      CapDrop: ["ALL"],
      CapAdd: ["CHOWN", "SETUID", "SETGID", "KILL"],
      SecurityOpt: ["no-new-privileges"],
      Privileged: false,
      Init: true,
      PidsLimit: 512,
      Memory: 2_147_483_648,
      MemorySwap: 2_147_483_648,
      NanoCpus: 1_000_000_000,
      ReadonlyRootfs: true,
      Tmpfs: {
        "/tmp": "rw,exec,nosuid,nodev,size=268435456,mode=1777",
        "/run": "rw,noexec,nosuid,nodev,size=16777216,mode=755",
      },
      Mounts: [
        {
          Type: "volume",
          Source: name,
          Target: "/state",
          ReadOnly: false,
          VolumeOptions: { NoCopy: true, Labels: volumeLabels, DriverConfig: { Name: "local", Options: {} } },
        },
      ],
      PortBindings: { "8080/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] },
      RestartPolicy: { Name: "no" },
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } },
    },
  });
  expect(docker.state().volumes).toEqual([{ name, labels: volumeLabels }]);
});

test("limits, command, init and the gateway's user id are the operator's", async () => {
  const { body } = await launched({
    limits: { memoryBytes: 512 * 1024 ** 2, cpus: 0.25, processesMax: 64 },
    command: ["node", "agent/server/main.ts"],
    init: false,
    gatewayUid: 10_001,
  });
  expect(body).toMatchObject({
    Cmd: ["node", "agent/server/main.ts"],
    HostConfig: {
      Init: false,
      Memory: 536_870_912,
      MemorySwap: 536_870_912,
      NanoCpus: 250_000_000,
      PidsLimit: 64,
    },
  });
  expect(body?.Env).toContain("GATEWAY_UID=10001");
});

test("no secret is in what the daemon is given, and neither token nor environment in any URL", async () => {
  const { id, name, driver, body } = await launched();
  await driver.observe(id, name);
  await driver.list("ct-");
  await driver.exited();
  await destroyAll(driver, id, name);
  const given = JSON.stringify(body);
  for (const secret of Object.values(secrets)) expect(given).not.toContain(secret);
  expect(docker.urls().length).toBeGreaterThan(12);
  const urls = decodeURIComponent(docker.urls().join("\n"));
  expect(urls).toContain(`POST /containers/create?name=${name}`);
  expect(urls).toContain("POST /volumes/create?\n");
  for (const hidden of [TOKEN, ...Object.values(secrets), "value-of-the-environment", "CapDrop", "BOOTSTRAP"])
    expect(urls).not.toContain(hidden);
});
