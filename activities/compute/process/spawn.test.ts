import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LaunchSpec } from "../../../domain/launch-spec.ts";
import {
  type GatewayListener,
  startGatewayListener,
} from "../../../infra/local/stand-in-agent/gateway-listener.ts";
import { epochOf, grantOf, newInstance, newSecrets } from "../compute-contract.ts";
import { takeUid, uidsOf } from "./gateway-uid.ts";
import { ProcessDriver, type ProcessDriverOptions } from "./process-driver.ts";
import { processTable } from "./process-table.ts";
import { readRun } from "./run-record.ts";

const MAIN = fileURLToPath(new URL("../../../infra/local/stand-in-agent/main.ts", import.meta.url));

/** Nobody else's on this machine: above those of local stacks, and not another run's of this test. */
const UID_BASE = 200_000 + (process.pid % 1_000_000) * 1_000;
const isRoot = process.getuid?.() === 0;

let rootDir: string;
let gateway: GatewayListener;
const { id, name } = newInstance();
const secrets = newSecrets();
const grant = grantOf(secrets);

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
  await open({ stopGraceMs: 200 }).destroy(id, name, "process");
  await gateway.close();
  await rm(rootDir, { recursive: true });
});

test("the process gets exactly its environment, and its secrets are in no file, argument or variable", async () => {
  await open({ gatewayUidBase: UID_BASE }).launch(spec({ DEFAULT_AGENT_NAME: "Ada" }), grant);
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
      `GATEWAY_UID=${UID_BASE}`,
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
  await shell(script).launch(spec(), grant);
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
  await expect(driver.launch(spec(), grant)).rejects.toMatchObject({ name: "PlatformError", code });
  expect(await onState()).toEqual([]);
  expect(await driver.observe(id, name)).toMatchObject({ state: "exited", epoch: 1 });
});

test("a program that is not there is invalid, and one that is not absolute is refused at once", async () => {
  const driver = open({ command: ["/nowhere/agent"] });
  await expect(driver.launch(spec(), grant)).rejects.toMatchObject({ code: "invalid" });
  expect(() => open({ command: ["node", MAIN] })).toThrow(RangeError);
});

test("destroy ends what ignores SIGTERM, and children that outlive their parent", async () => {
  const child = `trap '' TERM; while :; do sleep 0.1; done`;
  const script = `env -i /bin/sh -c "${child}" & echo $! > "$STATE_DIR/child"; echo '{"listening": 9}'; ${child}`;
  const driver = shell(script);
  await driver.launch(spec(), grant);
  const orphan = Number(await readFile(join(rootDir, name, "state", "child"), "utf8"));
  const leader = (await readRun(join(rootDir, name)))?.pid ?? 0;
  process.kill(leader, "SIGKILL");
  await expect.poll(() => processTable.find(leader)).toBeUndefined();
  expect(await processTable.find(orphan)).toMatchObject({ group: leader });
  await driver.destroy(id, name, "process");
  expect(await processTable.find(orphan)).toBeUndefined();
  expect(await onState()).toEqual([]);
});

test("the log of earlier starts is kept until it is too long", async () => {
  const script = `echo one more >&2; echo '{"listening": 9}'; exec sleep 1000`;
  const driver = shell(script);
  const log = join(rootDir, name, "agent.log");
  await driver.launch(spec(), grant);
  process.kill((await readRun(join(rootDir, name)))?.pid ?? 0, "SIGKILL");
  await driver.launch({ ...spec(), epoch: epochOf(2) }, grant);
  expect(await readFile(log, "utf8")).toBe("one more\none more\n");
  await writeFile(log, "x".repeat(5 * 1024 * 1024));
  await driver.launch({ ...spec(), epoch: epochOf(3) }, grant);
  expect(await readFile(log, "utf8")).toBe("one more\n");
});

test("each instance has its own user id for the gateway, kept across starts, given back, and not given again", async () => {
  const script = `echo '{"listening": 9}'; exec sleep 1000`;
  const driver = shell(script, { gatewayUidBase: UID_BASE });
  const others = [newInstance(), newInstance()];
  const launch = (instance: (typeof others)[number], epoch: number) =>
    driver.launch({ ...spec(), ...instance, instanceId: instance.id, epoch: epochOf(epoch) }, grant);
  await Promise.all([launch({ id, name }, 1), ...others.map((other) => launch(other, 1))]);
  const held = async () => {
    const entries = await readdir(join(rootDir, ".uids"));
    return entries.filter((entry) => /^\d+$/.test(entry)).map((uid) => Number(uid) - UID_BASE);
  };
  expect((await held()).sort()).toEqual([0, 1, 2]);
  await launch({ id, name }, 2);
  expect(await held()).toHaveLength(3);
  for (const other of others) await driver.destroy(other.id, other.name, "process");
  expect(await held()).toHaveLength(1);
  const [later] = others;
  if (later) await launch(later, 3);
  expect(await held()).toContain(3);
  if (later) await driver.destroy(later.id, later.name, "process");
});

test("user ids go round once all were given, and pass over those that are held", async () => {
  const uids = join(rootDir, ".uids");
  expect(await takeUid(uids, "stays", UID_BASE)).toBe(UID_BASE);
  await symlink(String(UID_BASE + 998), join(uids, "last.new"));
  await rename(join(uids, "last.new"), join(uids, "last"));
  expect(await takeUid(uids, "a", UID_BASE)).toBe(UID_BASE + 999);
  expect(await takeUid(uids, "b", UID_BASE)).toBe(UID_BASE + 1);
  expect(await takeUid(uids, "b", UID_BASE)).toBe(UID_BASE + 1);
});

test.runIf(isRoot && process.platform === "linux")(
  "destroy ends what runs under the gateway's user id, and removes what it left where everybody may write",
  async () => {
    const left = await mkdtemp("/tmp/left-by-gateway-");
    const others = await mkdtemp("/tmp/left-by-others-");
    for (const folder of [left, others]) await chmod(folder, 0o777);
    await chown(left, UID_BASE, UID_BASE);
    await writeFile(join(left, "secret"), "words of people");
    for (const file of ["mine", "yours"]) await writeFile(join(others, file), "words");
    await chown(join(others, "mine"), UID_BASE, UID_BASE);
    const driver = shell(`echo '{"listening": 9}'; exec sleep 1000`, { gatewayUidBase: UID_BASE });
    await driver.launch(spec(), grant);
    const user = { uid: UID_BASE, gid: UID_BASE };
    const escaped = spawn("/bin/sleep", ["1000"], { detached: true, stdio: "ignore", env: {}, ...user });
    await once(escaped, "spawn");
    const ended = once(escaped, "exit");
    try {
      await driver.destroy(id, name, "process");
      await ended;
      await expect(stat(left)).rejects.toThrow("ENOENT");
      expect(await readdir(others)).toEqual(["yours"]);
      expect(await uidsOf(join(rootDir, ".uids"), name)).toEqual([]);
    } finally {
      escaped.kill("SIGKILL");
      for (const folder of [left, others]) await rm(folder, { recursive: true, force: true });
    }
  },
);

test("a removal that was broken off is still listed, and is finished by the next destroy", async () => {
  const driver = open();
  await driver.launch(spec(), grant);
  await driver.destroy(id, name, "process");
  await mkdir(join(rootDir, `.removing.${name}.abc123`, "state"), { recursive: true });
  await mkdir(join(rootDir, `.new.${name}.abc123`));
  expect(await driver.list("ct-")).toEqual([{ kind: "process", name, externalId: name, running: false }]);
  expect(await driver.observe(id, name)).toEqual({ state: "absent" });
  await driver.destroy(id, name, "process");
  expect(await driver.list("ct-")).toEqual([]);
});

test("stopping all ends every process and no state", async () => {
  const driver = open();
  const other = newInstance();
  await driver.launch(spec(), grant);
  await driver.launch({ ...spec(), instanceId: other.id, name: other.name }, grant);
  await driver.stopAll();
  expect(await onState()).toEqual([]);
  const running = (await driver.list("ct-")).map((item) => item.running);
  expect(running).toEqual([false, false]);
  await driver.launch({ ...spec(), epoch: epochOf(2) }, grant);
  expect(await driver.observe(id, name)).toMatchObject({ state: "running", epoch: 2 });
  await driver.destroy(other.id, other.name, "process");
});
