import type { GraphQLError } from "graphql";
import type { TSchema } from "typebox";
import type { VirtualClock } from "../base/clock.ts";
import { Collection } from "../base/collection.ts";
import type { RecordStore } from "../base/record-store.ts";
import { NullAnswer, notAuthorized, notFound } from "./errors.ts";
import {
  DeploymentRecord,
  DomainRecord,
  ProjectRecord,
  RuleRecord,
  ServiceRecord,
  VolumeRecord,
} from "./records.ts";
import { DEFAULT_SETTINGS, type Settings, SettingsSchema } from "./settings.ts";

interface Lifetime {
  createdAtMs: number;
  deletedAtMs: number | null;
}

/** Everything in the one workspace behind the double, and who sees what of it when. */
export class Workspace {
  readonly id: string;
  readonly name = "double";
  readonly clock: VirtualClock;
  readonly projects: Collection<typeof ProjectRecord>;
  readonly services: Collection<typeof ServiceRecord>;
  readonly volumes: Collection<typeof VolumeRecord>;
  readonly domains: Collection<typeof DomainRecord>;
  readonly deployments: Collection<typeof DeploymentRecord>;
  readonly rules: Collection<typeof RuleRecord>;
  readonly #settings: Collection<typeof SettingsSchema>;
  readonly #defaults: Settings;

  constructor(id: string, store: RecordStore, clock: VirtualClock, settings: Partial<Settings>) {
    const open = <Schema extends TSchema>(kind: string, schema: Schema) =>
      new Collection(store, kind, schema);
    this.id = id;
    this.clock = clock;
    this.projects = open("project", ProjectRecord);
    this.services = open("service", ServiceRecord);
    this.volumes = open("volume", VolumeRecord);
    this.domains = open("domain", DomainRecord);
    this.deployments = open("deployment", DeploymentRecord);
    this.rules = open("rule", RuleRecord);
    this.#settings = open("settings", SettingsSchema);
    this.#defaults = { ...DEFAULT_SETTINGS, ...settings };
  }

  get settings(): Settings {
    return this.#settings.get("workspace") ?? this.#defaults;
  }

  changeSettings(change: Partial<Settings>): Settings {
    const settings = { ...this.settings, ...change };
    this.#settings.put("workspace", settings);
    return settings;
  }

  /** Whether reads show it now: they lag behind creation and deletion alike. */
  isShown({ createdAtMs, deletedAtMs }: Lifetime): boolean {
    const nowMs = this.clock.nowMs();
    const { staleReadsMs } = this.settings;
    if (createdAtMs + staleReadsMs > nowMs) return false;
    return deletedAtMs === null || deletedAtMs + staleReadsMs > nowMs;
  }

  /** For a query: what is too new is "not found", what is gone or foreign is "Not Authorized". */
  read<T extends Lifetime>(kind: string, record: T | undefined): T {
    if (record === undefined) throw notAuthorized();
    if (this.isShown(record)) return record;
    throw record.deletedAtMs === null ? notFound(kind) : this.#gone(kind);
  }

  /** For a mutation: what has been created is there at once. */
  change<T extends Lifetime>(kind: string, record: T | undefined): T {
    if (record === undefined) throw notAuthorized();
    if (record.deletedAtMs !== null) throw this.#gone(kind);
    return record;
  }

  projectOfEnvironment(environmentId: string): ProjectRecord | undefined {
    return this.projects.values().find((project) => project.environmentId === environmentId);
  }

  volumesOf(projectId: string): VolumeRecord[] {
    const nowMs = this.clock.nowMs();
    const { staleReadsMs, volumeDeletionMs } = this.settings;
    return this.volumes
      .values()
      .filter((volume) => volume.projectId === projectId && volume.createdAtMs + staleReadsMs <= nowMs)
      .filter(
        ({ deletingSinceMs }) => deletingSinceMs === null || deletingSinceMs + volumeDeletionMs > nowMs,
      );
  }

  /** The newest deployment of a service, whatever became of it. */
  latestDeployment(serviceId: string): DeploymentRecord | undefined {
    return this.deployments.values().findLast((deployment) => deployment.serviceId === serviceId);
  }

  #gone(kind: string): GraphQLError | NullAnswer {
    const { deletedIds } = this.settings;
    if (deletedIds === "null") return new NullAnswer();
    return deletedIds === "notFound" ? notFound(kind) : notAuthorized();
  }
}
