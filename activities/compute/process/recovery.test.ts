import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LaunchSpec } from "../../../domain/launch-spec.ts";
import {
  type GatewayListener,
  startGatewayListener,
} from "../../../infra/local/stand-in-agent/gateway-listener.ts";
import { AgentClient } from "../../agent/agent-client.ts";
import { epochOf, grantOf, newInstance, newSecrets } from "../compute-contract.ts";
import { watchExits } from "../watch-exits.ts";
import { instancePaths } from "./instance-folder.ts";
import { ProcessDriver } from "./process-driver.ts";
import { processTable } from "./process-table.ts";
import { readRun, writeRun } from "./run-record.ts";

const MAIN = fileURLToPath(new URL("../../../infra/local/stand-in-agent/main.ts", import.meta.url));
const DRIVER = new URL("process-driver.ts", import.meta.url).href;
const SPAWN = new URL("spawn-agent.ts", import.meta.url).href;
const FOLDER = new URL("instance-folder.ts", import.meta.url).href;

let rootDir: string;
let gateway: GatewayListener;
let driver: ProcessDriver;
const children: ChildProcess[] = [];
const { id, name } = newInstance();
const secrets = newSecrets();

const spec = (epoch: number): LaunchSpec => ({
  instanceId: id,
  name,
  epoch: epochOf(epoch),
  generation: "test",
  environment: { GATEWAY_URL: gateway.url },
});
const marker = (): string => `STATE_DIR=${instancePaths(rootDir, name).state}`;
const onState = (): Promise<readonly number[]> => processTable.startedWith(marker());

beforeEach(async () => {
  rootDir = await mkdtemp(join(tmpdir(), "recovery-"));
  gateway = await startGatewayListener();
  driver = new ProcessDriver({ rootDir, command: [process.execPath, MAIN], launchTimeoutMs: 10_000 });
});
afterEach(async () => {
  await driver.destroy(id, name, "process");
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await gateway.close();
  await rm(rootDir, { recursive: true });
});

/** Another process that runs `code` with the modules it names; ends by SIGKILL. */
function worker(code: string): ChildProcess {
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  return child;
}

const launchInWorker = (): string => `
  const { ProcessDriver } = await import(${JSON.stringify(DRIVER)});
  const options = ${JSON.stringify({ rootDir, command: [process.execPath, MAIN], launchTimeoutMs: 10_000 })};
  console.log("started");
  await new ProcessDriver(options).launch(${JSON.stringify(spec(1))}, { secrets: ${JSON.stringify(secrets)} });
  console.log("launched");
  setInterval(() => undefined, 1000);
`;

describe("a worker that is killed", () => {
  test("between spawn and record leaves no process that the next launch does not find", async () => {
    const paths = instancePaths(rootDir, name);
    const killed = worker(`
      const { recordLaunch } = await import(${JSON.stringify(FOLDER)});
      const { spawnAgent } = await import(${JSON.stringify(SPAWN)});
      const run = { instanceId: "${id}", epoch: 1, pid: null, startTicks: null, url: null, launchedAt: "now" };
      await recordLaunch(${JSON.stringify(rootDir)}, "${name}", run, 0o700);
      const environment = { STATE_DIR: ${JSON.stringify(paths.state)} };
      await spawnAgent(["/bin/sleep", "1000"], ${JSON.stringify(paths)}, environment);
      process.kill(process.pid, "SIGKILL");
    `);
    expect(await once(killed, "exit")).toEqual([null, "SIGKILL"]);
    const [orphan, ...others] = await onState();
    expect(orphan).toBeGreaterThan(1);
    expect(others).toEqual([]);
    expect(await driver.observe(id, name)).toMatchObject({ state: "exited", epoch: 1 });

    const { url } = await driver.launch(spec(1), grantOf(secrets));
    expect(await processTable.find(orphan ?? 0)).toBeUndefined();
    expect(await onState()).toEqual([(await readRun(paths.folder))?.pid]);
    const target = { url, instanceId: id, epoch: 1, instanceSecret: secrets.instanceSecret };
    expect((await new AgentClient().status(target)).instanceId).toBe(id);
  });

  test("before it gave the secrets leaves a process that ends by itself", async () => {
    const paths = instancePaths(rootDir, name);
    await mkdir(paths.state, { recursive: true });
    const environment = { ...spec(1).environment, INSTANCE_ID: id, EPOCH: "1", STATE_DIR: paths.state };
    const killed = worker(`
      const { spawnAgent } = await import(${JSON.stringify(SPAWN)});
      const command = ${JSON.stringify([process.execPath, MAIN])};
      await spawnAgent(command, ${JSON.stringify(paths)}, ${JSON.stringify(environment)});
      process.kill(process.pid, "SIGKILL");
    `);
    await once(killed, "exit");
    await expect.poll(onState, { timeout: 5_000 }).toEqual([]);
  });

  test.each([0, 10, 20, 40, 60, 90, 130, 200])(
    "%d ms into a launch costs nothing but time",
    async (afterMs) => {
      const killed = worker(launchInWorker());
      await once(killed.stdout ?? killed, "data");
      await delay(afterMs);
      killed.kill("SIGKILL");
      await once(killed, "exit");
      const { url } = await driver.launch(spec(1), grantOf(secrets));
      const run = await readRun(join(rootDir, name));
      // One that was forked and not yet executed is nobody's by any sign; without its secrets it ends by itself.
      await expect.poll(onState, { timeout: 5_000 }).toEqual([run?.pid]);
      expect(await driver.observe(id, name)).toMatchObject({ state: "running", epoch: 1, url });
      expect((await readdir(join(rootDir, ".locks"))).filter((file) => file.startsWith(name))).toEqual([]);
    },
  );

  test("after the launch leaves an agent that the next worker finds, and whose end it notices", async () => {
    const killed = worker(launchInWorker());
    let told = "";
    killed.stdout?.on("data", (chunk: Buffer) => {
      told += chunk.toString();
    });
    await expect.poll(() => told, { timeout: 10_000 }).toContain("launched");
    killed.kill("SIGKILL");
    await once(killed, "exit");

    const observed = await driver.observe(id, name);
    expect(observed).toMatchObject({ state: "running", epoch: 1 });
    const { url } = await driver.launch(spec(1), grantOf(secrets));
    expect(observed).toMatchObject({ url });
    const pid = (await readRun(join(rootDir, name)))?.pid ?? 0;
    const noticed: string[] = [];
    const stop = watchExits(driver, {
      intervalMs: 20,
      onExit: (instanceId, epoch) => {
        noticed.push(`${instanceId}/${epoch}`);
        if (noticed.length === 1) throw new Error("not reachable at first");
      },
    });
    process.kill(pid, "SIGKILL");
    await expect.poll(() => noticed, { timeout: 5_000 }).toEqual([`${id}/1`, `${id}/1`]);
    await stop();
    expect(await driver.observe(id, name)).toMatchObject({ state: "exited", epoch: 1 });
  });
});

describe("a process is known by more than its pid", () => {
  /** A group leader that has nothing to do with us. */
  async function stranger(): Promise<{ pid: number; startTicks: string }> {
    const child = spawn("/bin/sleep", ["1000"], { detached: true, stdio: "ignore" });
    children.push(child);
    await once(child, "spawn");
    const entry = await processTable.find(child.pid ?? 0);
    if (entry === undefined) throw new Error("the stranger is gone");
    return entry;
  }
  const forge = async (pid: number, startTicks: string): Promise<void> => {
    const paths = instancePaths(rootDir, name);
    await mkdir(paths.state, { recursive: true });
    const url = "http://127.0.0.1:9";
    await writeRun(paths.folder, { instanceId: id, epoch: 1, pid, startTicks, url, launchedAt: "then" });
  };

  test("a pid that was given to another process is an exited agent, and that process is left alone", async () => {
    const { pid, startTicks } = await stranger();
    await forge(pid, String(Number(startTicks) - 5));
    expect(await driver.observe(id, name)).toEqual({ state: "exited", epoch: 1, externalId: name });
    expect(await driver.list(name)).toMatchObject([{ running: false }]);
    expect(await driver.exited()).toEqual([{ instanceId: id, epoch: 1 }]);
    await driver.launch(spec(2), grantOf(secrets));
    expect(await processTable.find(pid)).toBeDefined();
    await forge(pid, String(Number(startTicks) - 5));
    await driver.destroy(id, name, "process");
    expect(await processTable.find(pid)).toBeDefined();
    expect(await driver.observe(id, name)).toEqual({ state: "absent" });
  });

  test("one that ended and was not waited for is exited", async () => {
    // The shell becomes a program that waits for nobody, so its child stays in the process table.
    const shell = spawn("/bin/sh", ["-c", "sleep 1000 & echo $!; exec sleep 1000"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    children.push(shell);
    const [line]: unknown[] = await once(shell.stdout, "data");
    const pid = Number(String(line));
    const startTicks = (await processTable.find(pid))?.startTicks ?? "";
    await forge(pid, startTicks);
    expect(await driver.observe(id, name)).toMatchObject({ state: "running" });
    process.kill(pid, "SIGKILL");
    await expect.poll(() => driver.observe(id, name)).toMatchObject({ state: "exited", epoch: 1 });
    expect(await readdir(`/proc/${pid}`)).toContain("stat");
    await driver.destroy(id, name, "process");
    expect(await driver.observe(id, name)).toEqual({ state: "absent" });
  });

  test("a damaged record is no information: the folder is held, what works on it is found", async () => {
    await driver.launch(spec(1), grantOf(secrets));
    const [pid] = await onState();
    await writeFile(join(rootDir, name, "run.json"), "{");
    expect(await driver.observe(id, name)).toMatchObject({ state: "exited" });
    await driver.launch(spec(2), grantOf(secrets));
    expect(await onState()).not.toContain(pid);
    expect(await onState()).toHaveLength(1);
    await writeFile(join(rootDir, name, "run.json"), "");
    await driver.destroy(id, name, "process");
    expect(await onState()).toEqual([]);
  });
});
