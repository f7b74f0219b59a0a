import Type, { type Static } from "typebox";
import { SettingsSchema } from "./settings.ts";

const Id = Type.String();
/** Milliseconds on the virtual clock. */
const At = Type.Number();
const MaybeAt = Type.Union([At, Type.Null()]);
const MaybeText = Type.Union([Type.String(), Type.Null()]);
const Lifetime = { createdAtMs: At, deletedAtMs: MaybeAt };

export const ProjectRecord = Type.Object({
  id: Id,
  name: Type.String(),
  description: MaybeText,
  workspaceId: Id,
  /** Each project has the one environment it was made with. */
  environmentId: Id,
  environmentName: Type.String(),
  ...Lifetime,
});
export type ProjectRecord = Static<typeof ProjectRecord>;

/** What a service runs. A change to it makes a deployment, which keeps a copy. */
export const ServiceConfig = Type.Object({
  image: MaybeText,
  deploy: Type.Record(Type.String(), Type.Unknown()),
  variables: Type.Record(Type.String(), Type.String()),
});
export type ServiceConfig = Static<typeof ServiceConfig>;

export const ServiceRecord = Type.Object({
  id: Id,
  projectId: Id,
  name: Type.String(),
  config: ServiceConfig,
  ...Lifetime,
});
export type ServiceRecord = Static<typeof ServiceRecord>;

export const VolumeRecord = Type.Object({
  id: Id,
  instanceId: Id,
  projectId: Id,
  /** Null: attached to nothing. */
  serviceId: Type.Union([Id, Type.Null()]),
  name: Type.String(),
  mountPath: Type.String(),
  createdAtMs: At,
  /** Since when its deletion is pending. */
  deletingSinceMs: MaybeAt,
});
export type VolumeRecord = Static<typeof VolumeRecord>;

export const DomainRecord = Type.Object({
  id: Id,
  serviceId: Id,
  domain: Type.String(),
  targetPort: Type.Union([Type.Integer(), Type.Null()]),
  ...Lifetime,
});
export type DomainRecord = Static<typeof DomainRecord>;

const STATUSES = [
  ..."BUILDING CRASHED DEPLOYING FAILED INITIALIZING NEEDS_APPROVAL QUEUED".split(" "),
  ..."REMOVED REMOVING SKIPPED SLEEPING SUCCESS WAITING".split(" "),
];

export const DeploymentRecord = Type.Object({
  id: Id,
  serviceId: Id,
  createdAtMs: At,
  status: Type.Enum(STATUSES),
  /** It ended by itself with exit code 0, or was stopped. */
  stopped: Type.Boolean(),
  outcome: SettingsSchema.properties.deployOutcome,
  /** When its present status ends. */
  stepAtMs: At,
  config: ServiceConfig,
});
export type DeploymentRecord = Static<typeof DeploymentRecord>;

export const RuleRecord = Type.Object({
  id: Id,
  workspaceId: Id,
  projectId: Type.Union([Id, Type.Null()]),
  eventTypes: Type.Array(Type.String()),
  channels: Type.Array(Type.Object({ id: Id, config: Type.Record(Type.String(), Type.Unknown()) })),
});
export type RuleRecord = Static<typeof RuleRecord>;
