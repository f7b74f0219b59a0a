import { type Static, type TSchema, Type } from "typebox";

/** The fields that this platform reads; unknown enum values are let through. */
const NullableText = Type.Union([Type.String(), Type.Null()]);
const edges = <Node extends TSchema>(node: Node) => Type.Object({ edges: Type.Array(Type.Object({ node })) });

export const Deployment = Type.Object({
  id: Type.String(),
  status: Type.String(),
  createdAt: Type.String(),
  deploymentStopped: Type.Boolean(),
});
export type Deployment = Static<typeof Deployment>;

const MaybeDeployment = Type.Union([Deployment, Type.Null()]);

const VolumeInstance = Type.Object({
  state: NullableText,
  mountPath: Type.String(),
  serviceId: NullableText,
  isPendingDeletion: Type.Boolean(),
  volume: Type.Object({ id: Type.String(), name: Type.String(), createdAt: Type.String() }),
});
export type VolumeInstance = Static<typeof VolumeInstance>;

const Environment = Type.Object({
  id: Type.String(),
  name: Type.String(),
  serviceInstances: edges(Type.Object({ serviceId: Type.String(), latestDeployment: MaybeDeployment })),
  volumeInstances: edges(VolumeInstance),
});

const ProjectHead = Type.Object({
  id: Type.String(),
  name: Type.String(),
  createdAt: Type.String(),
  deletedAt: NullableText,
});
export type ProjectHead = Static<typeof ProjectHead>;

const Project = Type.Object({
  ...ProjectHead.properties,
  primaryEnvironmentId: NullableText,
  services: edges(Type.Object({ id: Type.String(), name: Type.String(), createdAt: Type.String() })),
  environments: edges(Environment),
});
export type Project = Static<typeof Project>;

const page = <Node extends TSchema>(node: Node) =>
  Type.Object({
    projects: Type.Object({
      pageInfo: Type.Object({ hasNextPage: Type.Boolean(), endCursor: NullableText }),
      edges: Type.Array(Type.Object({ node })),
    }),
  });
export const ProjectHeadPage = page(ProjectHead);
export const ProjectPage = page(Project);
export const OneProject = Type.Object({ project: Project });

export const CreatedProject = Type.Object({
  projectCreate: Type.Object({
    id: Type.String(),
    name: Type.String(),
    createdAt: Type.String(),
    primaryEnvironmentId: NullableText,
    environments: edges(Type.Object({ id: Type.String(), name: Type.String() })),
  }),
});

const ServiceDomain = Type.Object({ id: Type.String(), domain: Type.String({ minLength: 1 }) });
export type ServiceDomain = Static<typeof ServiceDomain>;
const Domains = Type.Object({ serviceDomains: Type.Array(ServiceDomain) });
export const DomainsByAlias = Type.Record(Type.String(), Domains);

export const ServiceStateAnswer = Type.Object({
  serviceInstance: Type.Object({ latestDeployment: MaybeDeployment }),
  domains: Domains,
  variables: Type.Record(Type.String(), Type.String()),
});

const Rule = Type.Object({
  id: Type.String(),
  eventTypes: Type.Array(Type.String()),
  projectId: NullableText,
  channels: Type.Array(
    Type.Object({ id: Type.String(), config: Type.Record(Type.String(), Type.Unknown()) }),
  ),
});
export type Rule = Static<typeof Rule>;
export const Rules = Type.Object({ notificationRules: Type.Array(Rule) });
export const CreatedRule = Type.Object({ notificationRuleCreate: Rule });

export const Workspaces = Type.Object({
  apiToken: Type.Object({ workspaces: Type.Array(Type.Object({ id: Type.String() })) }),
});
export const CreatedService = Type.Object({ serviceCreate: Type.Object({ id: Type.String() }) });
export const CreatedVolume = Type.Object({ volumeCreate: Type.Object({ id: Type.String() }) });
export const CreatedDomain = Type.Object({ serviceDomainCreate: ServiceDomain });
export const OneDeployment = Type.Object({ deployment: Deployment });

/** An answer of which nothing but the absence of an error matters. */
export const Done = Type.Record(Type.String(), Type.Unknown());
