import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LaunchSpec } from "../../../domain/launch-spec.ts";
import {
  type GatewayListener,
  startGatewayListener,
} from "../../../infra/local/stand-in-agent/gateway-listener.ts";
import { epochOf, newInstance, newSecrets } from "../compute-contract.ts";
import { ProcessDriver, type ProcessDriverOptions } from "./process-driver.ts";
import { processTable } from "./process-table.ts";
import { readRun } from "./run-record.ts";

const MAIN = fileURLToPath(new URL("../../../infra/local/stand-in-agent/main.ts", import.meta.url));

let rootDir: string;
let gateway: GatewayListener;
const { id, name } = newInstance();
const secrets = newSecrets();

const spec = (environment: Record<string, string> = {}): LaunchSpec => ({
  instanceId: id,
  name,
  epoch: epochOf(1),
  generation: "test",
  environment: { GATEWAY_URL: gateway.url, ...environment },
});
const open = (options: Partial<ProcessDriverOptions> = {}): ProcessDriver =>
  new ProcessDriver({ rootDir, command: [process.execPath, MAIN], launchTimeoutMs: 10_000, ...options });
const shell = (script: string, options: Partial<ProcessDriverOptions> = {}): ProcessDriver =>
  open({ command: ["/bin/sh", "-c", script], stopGraceMs: 200, ...options });
const onState = (): Promise<readonly number[]> =>
  processTable.startedWith(`STATE_DIR=${join(rootDir, name, "state")}`);

beforeEach(async () => {
  rootDir = await mkdtemp(join(tmpdir(), "spawn-"));
  gateway = await startGatewayListener();
});
afterEach(async () => {
  await open({ stopGraceMs: 200 }).destroy(id, name);
  await gateway.close();
  await rm(rootDir, { recursive: true });
});

test("the process gets exactly its environment, and its secrets are in no file, argument or variable", async () => {
  await open({ gatewayUidBase: 61_000 }).launch(spec({ DEFAULT_AGENT_NAME: "Ada" }), secrets);
  const run = await readRun(join(rootDir, name));
  const pid = run?.pid ?? 0;
  const environ = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0").filter((line) => line !== "");
  const state = join(rootDir, name, "state");
  expect(environ.sort()).toEqual(
    [
      `PATH=${process.env.PATH}`,
      `HOME=${state}`,
      `GATEWAY_URL=${gateway.url}`,
      "DEFAULT_AGENT_NAME=Ada",
      `INSTANCE_ID=${id}`,
      "EPOCH=1",
      "GENERATION=test",
      "PORT=0",
      `STATE_DIR=${state}`,
      "GATEWAY_UID=61000",
    ].sort(),
  );
  const texts = [await readFile(`/proc/${pid}/cmdline`, "utf8"), environ.join()];
  for (const file of ["run.json", "stdout", "agent.log"]) {
    const path = join(rootDir, name, file);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    texts.push(await readFile(path, "utf8"));
  }
  for (const text of texts) for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
  expect((await stat(state)).mode & 0o777).toBe(0o700);
  const entry = await processTable.find(pid);
  expect(entry).toMatchObject({ group: pid, session: pid });
});

test("standard input is one line of the three secrets, and ends", async () => {
  const script = `cat > "$STATE_DIR/got"; echo '{"listening": 9}'; exec sleep 1000`;
  await shell(script).launch(spec(), secrets);
  const got = await readFile(join(rootDir, name, "state", "got"), "utf8");
  expect(got.endsWith("\n")).toBe(true);
  expect(JSON.parse(got)).toEqual(secrets);
});

test.each([
  ["never says where it listens", "exec sleep 1000", "transient"],
  ["ends before it listens", "exit 3", "transient"],
  ["prints something else first", "echo hello; exec sleep 1000", "transient"],
  ["says a port that is none", `echo '{"listening": 70000}'; exec sleep 1000`, "transient"],
])("a process that %s fails the launch and is gone", async (_title, script, code) => {
  const driver = shell(script, { launchTimeoutMs: 300 });
  await expect(driver.launch(spec(), secrets)).rejects.toMatchObject({ name: "PlatformError", code });
  expect(await onState()).toEqual([]);
  expect(await driver.observe(id, name)).toMatchObject({ state: "exited", epoch: 1 });
});

test("a program that is not there is invalid, and one that is not absolute is refused at once", async () => {
  const driver = open({ command: ["/nowhere/agent"] });
  await expect(driver.launch(spec(), secrets)).rejects.toMatchObject({ code: "invalid" });
  expect(() => open({ command: ["node", MAIN] })).toThrow(RangeError);
});

test("destroy ends what ignores SIGTERM, and children that outlive their parent", async () => {
  const child = `trap '' TERM; while :; do sleep 0.1; done`;
  const script = `env -i /bin/sh -c "${child}" & echo $! > "$STATE_DIR/child"; echo '{"listening": 9}'; ${child}`;
  const driver = shell(script);
  await driver.launch(spec(), secrets);
  const orphan = Number(await readFile(join(rootDir, name, "state", "child"), "utf8"));
  const leader = (await readRun(join(rootDir, name)))?.pid ?? 0;
  process.kill(leader, "SIGKILL");
  await expect.poll(() => processTable.find(leader)).toBeUndefined();
  expect(await processTable.find(orphan)).toMatchObject({ group: leader });
  await driver.destroy(id, name);
  expect(await processTable.find(orphan)).toBeUndefined();
  expect(await onState()).toEqual([]);
});

test("the log of earlier starts is kept until it is too long", async () => {
  const script = `echo one more >&2; echo '{"listening": 9}'; exec sleep 1000`;
  const driver = shell(script);
  const log = join(rootDir, name, "agent.log");
  await driver.launch(spec(), secrets);
  process.kill((await readRun(join(rootDir, name)))?.pid ?? 0, "SIGKILL");
  await driver.launch({ ...spec(), epoch: epochOf(2) }, secrets);
  expect(await readFile(log, "utf8")).toBe("one more\none more\n");
  await writeFile(log, "x".repeat(5 * 1024 * 1024));
  await driver.launch({ ...spec(), epoch: epochOf(3) }, secrets);
  expect(await readFile(log, "utf8")).toBe("one more\n");
});

test("each instance has its own user id for the gateway, kept across starts and given back", async () => {
  const script = `echo '{"listening": 9}'; exec sleep 1000`;
  const driver = shell(script, { gatewayUidBase: 61_000 });
  const others = [newInstance(), newInstance()];
  const launch = (instance: (typeof others)[number], epoch: number) =>
    driver.launch({ ...spec(), ...instance, instanceId: instance.id, epoch: epochOf(epoch) }, secrets);
  await Promise.all([launch({ id, name }, 1), ...others.map((other) => launch(other, 1))]);
  const uids = join(rootDir, ".uids");
  expect((await readdir(uids)).sort()).toEqual(["61000", "61001", "61002"]);
  await launch({ id, name }, 2);
  expect(await readdir(uids)).toHaveLength(3);
  for (const other of others) await driver.destroy(other.id, other.name);
  expect(await readdir(uids)).toHaveLength(1);
});

test("a removal that was broken off is still listed, and is finished by the next destroy", async () => {
  const driver = open();
  await driver.launch(spec(), secrets);
  await driver.destroy(id, name);
  await mkdir(join(rootDir, `.removing.${name}.abc123`, "state"), { recursive: true });
  await mkdir(join(rootDir, `.new.${name}.abc123`));
  expect(await driver.list("ct-")).toEqual([{ name, externalId: name, running: false }]);
  expect(await driver.observe(id, name)).toEqual({ state: "absent" });
  await driver.destroy(id, name);
  expect(await driver.list("ct-")).toEqual([]);
});

test("stopping all ends every process and no state", async () => {
  const driver = open();
  const other = newInstance();
  await driver.launch(spec(), secrets);
  await driver.launch({ ...spec(), instanceId: other.id, name: other.name }, secrets);
  await driver.stopAll();
  expect(await onState()).toEqual([]);
  const running = (await driver.list("ct-")).map((item) => item.running);
  expect(running).toEqual([false, false]);
  await driver.launch({ ...spec(), epoch: epochOf(2) }, secrets);
  expect(await driver.observe(id, name)).toMatchObject({ state: "running", epoch: 2 });
  await driver.destroy(other.id, other.name);
});
