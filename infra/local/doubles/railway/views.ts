import type {
  DeploymentRecord,
  DomainRecord,
  ProjectRecord,
  ServiceRecord,
  VolumeRecord,
} from "./records.ts";
import type { Workspace } from "./workspace.ts";

const iso = (atMs: number): string => new Date(atMs).toISOString();

/** A whole list as one page of a connection. */
export function connection<T extends { id: string }>(nodes: readonly T[], hasNextPage = false) {
  const edges = nodes.map((node) => ({ node, cursor: node.id }));
  return {
    edges,
    pageInfo: {
      hasNextPage,
      hasPreviousPage: false,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/** The objects of the schema, each reading what is inside it only when it is asked for. */
export class Views {
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  project(project: ProjectRecord) {
    const workspace = this.#workspace;
    const lingers = project.deletedAtMs !== null && !workspace.isShown(project);
    return {
      id: project.id,
      name: project.name,
      description: project.description,
      workspaceId: project.workspaceId,
      primaryEnvironmentId: project.environmentId,
      createdAt: iso(project.createdAtMs),
      deletedAt: lingers && project.deletedAtMs !== null ? iso(project.deletedAtMs) : null,
      environments: () => connection([this.environment(project)]),
      services: () => connection(this.#servicesOf(project.id).map((service) => this.service(service))),
      volumes: () => connection(workspace.volumesOf(project.id).map((volume) => this.volume(volume))),
    };
  }

  environment(project: ProjectRecord) {
    const workspace = this.#workspace;
    return {
      id: project.environmentId,
      name: project.environmentName,
      serviceInstances: () =>
        connection(this.#servicesOf(project.id).map((service) => this.serviceInstance(service))),
      volumeInstances: () =>
        connection(workspace.volumesOf(project.id).map((volume) => this.volumeInstance(volume))),
    };
  }

  service({ id, name, projectId, createdAtMs }: ServiceRecord) {
    return { id, name, projectId, createdAt: iso(createdAtMs) };
  }

  serviceInstance({ id, name, projectId }: ServiceRecord) {
    const latest = this.#workspace.latestDeployment(id);
    return {
      id: `instance-${id}`,
      serviceId: id,
      serviceName: name,
      environmentId: this.#workspace.projects.get(projectId)?.environmentId,
      latestDeployment: latest ? this.deployment(latest) : null,
    };
  }

  deployment({ id, serviceId, status, createdAtMs, stopped, config }: DeploymentRecord) {
    const domain = this.domainsOf(serviceId)[0]?.domain ?? null;
    return {
      id,
      status,
      createdAt: iso(createdAtMs),
      url: domain,
      staticUrl: domain,
      meta: { image: config.image },
      deploymentStopped: stopped,
    };
  }

  volume({ id, name, createdAtMs }: VolumeRecord) {
    return { id, name, createdAt: iso(createdAtMs) };
  }

  domain({ id, domain, targetPort }: DomainRecord) {
    return { id, domain, targetPort };
  }

  domainsOf(serviceId: string): DomainRecord[] {
    return this.#workspace.domains
      .values()
      .filter((domain) => domain.serviceId === serviceId && this.#workspace.isShown(domain));
  }

  volumeInstance(volume: VolumeRecord) {
    const isPendingDeletion = volume.deletingSinceMs !== null;
    return {
      id: volume.instanceId,
      state: isPendingDeletion ? "DELETING" : "READY",
      mountPath: volume.mountPath,
      serviceId: volume.serviceId,
      isPendingDeletion,
      volume: this.volume(volume),
    };
  }

  #servicesOf(projectId: string): ServiceRecord[] {
    return this.#workspace.services
      .values()
      .filter((service) => service.projectId === projectId && this.#workspace.isShown(service));
  }
}
