import { mkdir } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import type { AgentSecrets } from "../../../domain/agent-protocol.ts";
import { PlatformError } from "../../../domain/errors.ts";
import { type InstanceId, parseInstanceId, type ResourceName } from "../../../domain/ids.ts";
import type { LaunchSpec } from "../../../domain/launch-spec.ts";
import type { ResourceOutcome } from "../../../domain/resource-state.ts";
import {
  type ComputeDriver,
  type InventoryItem,
  type Launched,
  type LaunchGrant,
  type Observation,
  requireKind,
} from "../driver.ts";
import type { ExitedInstance, ExitSource } from "../watch-exits.ts";
import { releaseUid, takeUid, uidsOf } from "./gateway-uid.ts";
import {
  hasFolder,
  type InstancePaths,
  instancePaths,
  listNames,
  recordLaunch,
  removeFolder,
} from "./instance-folder.ts";
import { readUrl, untilListening } from "./listening-line.ts";
import { withLock } from "./lock.ts";
import { processOf, type RunRecord, readRun, writeRun } from "./run-record.ts";
import { spawnAgent } from "./spawn-agent.ts";
import { isAlive, stopProcess } from "./stop-process.ts";
import { removeFilesOfUser } from "./user-files.ts";

export interface ProcessDriverOptions {
  /** Holds one folder for each instance; made when it is missing. Two drivers may share it, in two processes too. */
  rootDir: string;
  /** Program and arguments; paths are absolute, because the process works in the instance's folder. */
  command: readonly string[];
  /** From the start of the process until it listens. */
  launchTimeoutMs: number;
  /** From SIGTERM to SIGKILL; 10 s when not given. */
  stopGraceMs?: number;
  /** When given, each instance gets a user id of its own from here up, as `GATEWAY_UID`. Needs root. */
  gatewayUidBase?: number;
}

const STOP_GRACE_MS = 10_000;
/** On top of the longest that a launch may hold the lock. */
const LOCK_MARGIN_MS = 10_000;

/** Agents as local processes, each in `<rootDir>/<name>/`: `run.json`, `state/`, `stdout`, `agent.log`. */
export class ProcessDriver implements ComputeDriver, ExitSource {
  readonly kind = "process";
  readonly resourceKinds = [this.kind];
  readonly #options: ProcessDriverOptions;
  readonly #rootDir: string;
  readonly #graceMs: number;

  constructor(options: ProcessDriverOptions) {
    if (!isAbsolute(options.command[0] ?? ""))
      throw new RangeError("the command of the process driver is not an absolute path");
    this.#options = options;
    this.#rootDir = resolve(options.rootDir);
    this.#graceMs = options.stopGraceMs ?? STOP_GRACE_MS;
  }

  launch(spec: LaunchSpec, { secrets }: LaunchGrant): Promise<Launched> {
    return this.#locked(spec.name, async () => {
      const paths = this.#paths(spec.name);
      const run = await readRun(paths.folder);
      if (run !== undefined && run.epoch > spec.epoch)
        throw new PlatformError("conflict", { detail: `epoch ${run.epoch} was launched already` });
      const running = run?.epoch === spec.epoch ? await this.#listening(paths, run) : undefined;
      if (running !== undefined) return this.#launched(spec.name, running);
      await this.#stop(spec.name, run);
      return this.#launched(spec.name, await this.#start(spec, secrets));
    });
  }

  async observe(_instanceId: InstanceId, name: ResourceName): Promise<Observation> {
    const paths = this.#paths(name);
    const run = await readRun(paths.folder);
    if (run === undefined) {
      const held = await hasFolder(this.#rootDir, name);
      return held ? { state: "exited", epoch: 0, externalId: name } : { state: "absent" };
    }
    const { epoch } = run;
    const recorded = processOf(run);
    if (recorded === undefined || !(await isAlive(recorded)))
      return { state: "exited", epoch, externalId: name };
    const url = run.url ?? (await readUrl(paths.stdout));
    if (url === undefined)
      throw new PlatformError("transient", { detail: `epoch ${epoch} of ${name} does not listen yet` });
    return { state: "running", epoch, url, externalId: name };
  }

  async destroy(_instanceId: InstanceId, name: ResourceName, kind: string): Promise<ResourceOutcome> {
    requireKind(this, kind);
    await this.#locked(name, async () => {
      const paths = this.#paths(name);
      await this.#stop(name, await readRun(paths.folder));
      await removeFolder(this.#rootDir, name);
      for (const uid of await uidsOf(this.#uids(), name)) await removeFilesOfUser(uid);
      await releaseUid(this.#uids(), name);
      if ((await listNames(this.#rootDir)).includes(name))
        throw new PlatformError("ambiguous", { detail: `the folder of ${name} is there again` });
    });
    return { kind: "absent" };
  }

  /** Ends every process and keeps every state: the machine's own shutdown. The next launch of each starts it again. */
  async stopAll(): Promise<void> {
    const stop = async (name: string): Promise<void> => {
      const paths = this.#paths(name);
      await this.#stop(name, await readRun(paths.folder));
    };
    await Promise.all((await listNames(this.#rootDir)).map((name) => this.#locked(name, () => stop(name))));
  }

  async list(namePrefix: string): Promise<readonly InventoryItem[]> {
    const names = (await listNames(this.#rootDir)).filter((name) => name.startsWith(namePrefix));
    return Promise.all(
      names.map(async (name) => ({
        kind: this.kind,
        name,
        externalId: name,
        running: await this.#isRunning(name),
      })),
    );
  }

  async exited(): Promise<readonly ExitedInstance[]> {
    const exited: ExitedInstance[] = [];
    for (const name of await listNames(this.#rootDir)) {
      const run = await readRun(this.#paths(name).folder);
      if (run === undefined) continue;
      const recorded = processOf(run);
      const instanceId = parseInstanceId(run.instanceId);
      if (recorded === undefined || instanceId === undefined || (await isAlive(recorded))) continue;
      exited.push({ instanceId, epoch: run.epoch });
    }
    return exited;
  }

  #launched(name: ResourceName, url: string): Launched {
    return { url, externalIds: { [this.kind]: name } };
  }

  async #isRunning(name: string): Promise<boolean> {
    const run = await readRun(this.#paths(name).folder);
    const recorded = run === undefined ? undefined : processOf(run);
    return recorded !== undefined && (await isAlive(recorded));
  }

  async #start(spec: LaunchSpec, secrets: AgentSecrets): Promise<string> {
    const paths = this.#paths(spec.name);
    const intent: RunRecord = {
      instanceId: spec.instanceId,
      epoch: spec.epoch,
      pid: null,
      startTicks: null,
      url: null,
      launchedAt: new Date().toISOString(),
    };
    const environment = await this.#environment(spec, paths);
    await recordLaunch(this.#rootDir, spec.name, intent, this.#folderMode());
    let run = intent;
    try {
      const agent = await spawnAgent(this.#options.command, paths, environment);
      run = { ...intent, pid: agent.pid, startTicks: agent.startTicks };
      await writeRun(paths.folder, run);
      const { instanceSecret, modelKey, stateKey } = secrets;
      agent.giveSecrets(JSON.stringify({ instanceSecret, modelKey, stateKey }));
      const url = await this.#listening(paths, run);
      if (url !== undefined) return url;
      throw new PlatformError("transient", { detail: `${spec.name} ended or did not listen in time` });
    } catch (error) {
      await this.#stop(spec.name, run);
      throw error;
    }
  }

  /** Completes the record of a process that runs; undefined when it does not or does not listen in time. */
  async #listening(paths: InstancePaths, run: RunRecord): Promise<string | undefined> {
    const recorded = processOf(run);
    if (recorded === undefined || !(await isAlive(recorded))) return undefined;
    if (run.url !== null) return run.url;
    const url = await untilListening(paths.stdout, recorded, this.#options.launchTimeoutMs);
    if (url !== undefined) await writeRun(paths.folder, { ...run, url });
    return url;
  }

  /**
   * The process is known by its record, and where there is none by the volume that its environment names; the gateway
   * and whatever the model started also by the user id.
   */
  async #stop(name: string, run: RunRecord | undefined): Promise<void> {
    const uids = await uidsOf(this.#uids(), name);
    await stopProcess(`STATE_DIR=${this.#paths(name).state}`, run && processOf(run), this.#graceMs, uids);
  }

  async #environment(spec: LaunchSpec, paths: InstancePaths): Promise<Record<string, string>> {
    const base = this.#options.gatewayUidBase;
    return {
      PATH: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin",
      HOME: paths.state,
      ...spec.environment,
      INSTANCE_ID: spec.instanceId,
      EPOCH: String(spec.epoch),
      GENERATION: spec.generation,
      PORT: "0",
      STATE_DIR: paths.state,
      ...(base !== undefined && { GATEWAY_UID: String(await takeUid(this.#uids(), spec.name, base)) }),
    };
  }

  async #locked<T>(name: string, work: () => Promise<T>): Promise<T> {
    await mkdir(this.#rootDir, { recursive: true, mode: this.#folderMode() });
    const timeoutMs = 2 * (this.#options.launchTimeoutMs + this.#graceMs) + LOCK_MARGIN_MS;
    return withLock(join(this.#rootDir, ".locks"), name, timeoutMs, work);
  }

  #paths(name: string): InstancePaths {
    return instancePaths(this.#rootDir, name);
  }

  #uids(): string {
    return join(this.#rootDir, ".uids");
  }

  /** Another user id has to pass through to what the agent hands over to it in its volume. */
  #folderMode(): number {
    return this.#options.gatewayUidBase === undefined ? 0o700 : 0o711;
  }
}
