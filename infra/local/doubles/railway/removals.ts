import type { Containers } from "./containers.ts";
import type { Deployer } from "./deployer.ts";
import type { DomainRecord, ProjectRecord, ServiceRecord, VolumeRecord } from "./records.ts";
import type { Workspace } from "./workspace.ts";

/** What goes when something is deleted, and what stays behind. */
export class Removals {
  readonly #workspace: Workspace;
  readonly #deployer: Deployer;
  readonly #containers: Containers;

  constructor(workspace: Workspace, deployer: Deployer, containers: Containers) {
    this.#workspace = workspace;
    this.#deployer = deployer;
    this.#containers = containers;
  }

  /** A project takes everything in it along. */
  project(project: ProjectRecord): void {
    const { services, volumes, projects } = this.#workspace;
    const deletedAtMs = this.#workspace.clock.nowMs();
    for (const service of services.values().filter(({ projectId }) => projectId === project.id))
      this.#service(service);
    for (const volume of volumes.values().filter(({ projectId }) => projectId === project.id))
      this.volume(volume);
    projects.put(project.id, { ...project, deletedAtMs });
  }

  service(service: ServiceRecord): void {
    const attached = this.#workspace.volumes.values().filter(({ serviceId }) => serviceId === service.id);
    for (const volume of attached) {
      this.#workspace.volumes.put(volume.id, { ...volume, serviceId: null });
      if (!this.#workspace.settings.serviceDeleteKeepsVolumes) this.volume({ ...volume, serviceId: null });
    }
    this.#service(service);
  }

  domain(domain: DomainRecord): void {
    const deletedAtMs = this.#workspace.clock.nowMs();
    this.#workspace.domains.put(domain.id, { ...domain, deletedAtMs });
  }

  volume(volume: VolumeRecord): void {
    if (volume.deletingSinceMs !== null) return;
    const deletingSinceMs = this.#workspace.clock.nowMs();
    this.#workspace.volumes.put(volume.id, { ...volume, deletingSinceMs });
  }

  /** Ends the storage of volumes whose deletion was pending for long enough. */
  purge(): void {
    const nowMs = this.#workspace.clock.nowMs();
    for (const { id, deletingSinceMs } of this.#workspace.volumes.values()) {
      if (deletingSinceMs === null) continue;
      if (deletingSinceMs + this.#workspace.settings.volumeDeletionMs > nowMs) continue;
      this.#containers.dropVolume(id);
      this.#workspace.volumes.remove(id);
    }
  }

  #service(service: ServiceRecord): void {
    if (service.deletedAtMs !== null) return;
    const { domains, deployments, services } = this.#workspace;
    for (const domain of domains.values()) {
      if (domain.serviceId === service.id && domain.deletedAtMs === null) this.domain(domain);
    }
    for (const deployment of deployments.values()) {
      if (deployment.serviceId === service.id && deployment.status !== "REMOVED")
        this.#deployer.remove(deployment);
    }
    services.put(service.id, { ...service, deletedAtMs: this.#workspace.clock.nowMs() });
  }
}
