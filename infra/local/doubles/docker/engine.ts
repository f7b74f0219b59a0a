import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VirtualClock } from "../base/clock.ts";
import { Collection } from "../base/collection.ts";
import type { RecordStore } from "../base/record-store.ts";
import { ContainerRecord, type CreateBody, ImageRecord, VolumeRecord } from "./records.ts";
import { type RunContainer, Runs } from "./runtime.ts";
import { DEFAULT_SETTINGS, type Settings } from "./settings.ts";

/** As the daemon writes a time that never was. */
const NEVER = "0001-01-01T00:00:00Z";

/** A daemon's containers, volumes and images, and what becomes of them. */
export class Engine {
  settings: Settings = { ...DEFAULT_SETTINGS };
  readonly images: Collection<typeof ImageRecord>;
  readonly #containers: Collection<typeof ContainerRecord>;
  readonly #volumes: Collection<typeof VolumeRecord>;
  readonly #clock: VirtualClock;
  readonly #folder: string;
  readonly #isOwnFolder: boolean;
  readonly #runs: Runs;

  constructor(
    store: RecordStore,
    clock: VirtualClock,
    options: { dataDir: string | undefined; runContainer: RunContainer | undefined },
  ) {
    this.#containers = new Collection(store, "container", ContainerRecord);
    this.#volumes = new Collection(store, "volume", VolumeRecord);
    this.images = new Collection(store, "image", ImageRecord);
    this.#clock = clock;
    this.#isOwnFolder = options.dataDir === undefined;
    this.#folder = options.dataDir ?? mkdtempSync(join(tmpdir(), "docker-double-"));
    this.#runs = new Runs(options.runContainer);
    // As a daemon that was stopped leaves them: ended, and not started again without a restart policy.
    for (const container of this.containers())
      if (container.status === "running") this.end(container, { exitCode: 137, oomKilled: false });
  }

  /** What is still being removed included. */
  containers(): ContainerRecord[] {
    for (const { id, goneAtMs } of this.#containers.values())
      if (goneAtMs > 0 && goneAtMs <= this.#clock.nowMs()) this.#containers.remove(id);
    return this.#containers.values();
  }

  /** By id or name. */
  container(idOrName: string): ContainerRecord | undefined {
    const name = idOrName.replace(/^\//, "");
    return this.containers().find((container) => container.id === name || container.name === name);
  }

  create(name: string, body: CreateBody): ContainerRecord {
    for (const mount of body.HostConfig?.Mounts ?? []) {
      if (!this.volume(mount.Source)) this.createVolume(mount.Source, mount.VolumeOptions?.Labels ?? {});
    }
    const container: ContainerRecord = {
      id: randomBytes(32).toString("hex"),
      name,
      body,
      status: "created",
      health: "none",
      exitCode: 0,
      oomKilled: false,
      restartCount: 0,
      createdAt: this.#clock.nowIso(),
      startedAt: NEVER,
      finishedAt: NEVER,
      goneAtMs: 0,
    };
    this.put(container);
    return container;
  }

  put(container: ContainerRecord): void {
    this.#containers.put(container.id, container);
  }

  start(container: ContainerRecord): void {
    const { id, name, body } = container;
    this.put({
      ...container,
      status: "running",
      exitCode: 0,
      oomKilled: false,
      startedAt: this.#clock.nowIso(),
    });
    const mounts = (body.HostConfig?.Mounts ?? []).map(({ Source, Target }) => [
      Target,
      this.folderOf(Source),
    ]);
    const env = (body.Env ?? []).map((line) => {
      const [key = "", ...value] = line.split("=");
      return [key, value.join("=")];
    });
    const start = {
      id,
      name,
      image: body.Image,
      env: Object.fromEntries(env),
      mounts: Object.fromEntries(mounts),
    };
    this.#runs.start(start, (exitCode) => this.crash(id, { exitCode, oomKilled: false }));
  }

  hostPort(id: string): number | undefined {
    return this.#runs.port(id);
  }

  /** Its process ends by itself; a restart policy would start it again, which this daemon only says. */
  crash(idOrName: string, end: { exitCode: number; oomKilled: boolean }): boolean {
    const container = this.container(idOrName);
    if (container?.status !== "running") return false;
    this.end(container, end);
    const policy = container.body.HostConfig?.RestartPolicy?.Name ?? "";
    const ended = this.container(container.id);
    if (ended && policy !== "" && policy !== "no")
      this.put({ ...ended, status: "restarting", restartCount: ended.restartCount + 1 });
    return true;
  }

  end(container: ContainerRecord, end: { exitCode: number; oomKilled: boolean }): void {
    this.#runs.stop(container.id);
    this.put({ ...container, ...end, status: "exited", finishedAt: this.#clock.nowIso() });
  }

  /** Ends it, and reserves its name until the removal is over. */
  remove(container: ContainerRecord): void {
    this.#runs.stop(container.id);
    const { removalMs } = this.settings;
    if (removalMs === 0) this.#containers.remove(container.id);
    else this.put({ ...container, status: "removing", goneAtMs: this.#clock.nowMs() + removalMs });
  }

  volumes(): VolumeRecord[] {
    return this.#volumes.values();
  }

  volume(name: string): VolumeRecord | undefined {
    return this.#volumes.get(name);
  }

  createVolume(name: string, labels: Record<string, string>): VolumeRecord {
    const volume = { name, labels, createdAt: this.#clock.nowIso() };
    mkdirSync(this.folderOf(name), { recursive: true, mode: 0o700 });
    this.#volumes.put(name, volume);
    return volume;
  }

  removeVolume(name: string): void {
    rmSync(join(this.#folder, "volumes", name), { recursive: true, force: true });
    this.#volumes.remove(name);
  }

  /** The ids of the containers that have it, running or not. */
  usersOf(volume: string): string[] {
    return this.containers()
      .filter(({ body }) => body.HostConfig?.Mounts?.some((mount) => mount.Source === volume))
      .map(({ id }) => id);
  }

  folderOf(volume: string): string {
    return join(this.#folder, "volumes", volume, "_data");
  }

  async close(): Promise<void> {
    await this.#runs.stopAll();
    if (this.#isOwnFolder) rmSync(this.#folder, { recursive: true, force: true });
  }
}
