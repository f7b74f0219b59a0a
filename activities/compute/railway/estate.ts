import { PlatformError } from "../../../domain/errors.ts";
import type { Deployment, Project, VolumeInstance } from "../../railway/answers.ts";

/** What one agent has at the provider: a project with a service, its volume and its deployment. */
export interface Estate {
  projectId: string;
  environmentId: string;
  createdAtMs: number;
  serviceId: string | undefined;
  serviceCreatedAtMs: number;
  /** Oldest first, without those whose deletion is pending. */
  volumes: readonly VolumeInstance[];
  hasVolumesPendingDeletion: boolean;
  deployment: Deployment | null;
  /** It has neither services nor volumes, whatever their name and condition. */
  isEmpty: boolean;
}

export function estateOf(project: Project): Estate {
  const environments = project.environments.edges.map(({ node }) => node);
  const environment = environments.find(({ id }) => id === project.primaryEnvironmentId) ?? environments[0];
  if (environment === undefined)
    throw new PlatformError("transient", { detail: "the project shows no environment" });
  const services = project.services.edges.map(({ node }) => node);
  const service = services.find(({ name }) => name === project.name);
  const instances = environment.serviceInstances.edges.map(({ node }) => node);
  const volumes = environment.volumeInstances.edges
    .map(({ node }) => node)
    .filter(({ state }) => state !== "DELETED")
    .sort((a, b) => Date.parse(a.volume.createdAt) - Date.parse(b.volume.createdAt));
  const isEnding = ({ isPendingDeletion, state }: VolumeInstance) =>
    isPendingDeletion || state === "DELETING";
  return {
    projectId: project.id,
    environmentId: environment.id,
    createdAtMs: Date.parse(project.createdAt),
    serviceId: service?.id,
    serviceCreatedAtMs: service ? Date.parse(service.createdAt) : 0,
    volumes: volumes.filter((volume) => !isEnding(volume)),
    hasVolumesPendingDeletion: volumes.some(isEnding),
    deployment: instances.find(({ serviceId }) => serviceId === service?.id)?.latestDeployment ?? null,
    isEmpty: services.length === 0 && instances.length === 0 && volumes.length === 0,
  };
}

/**
 * The estate that is meant when one name has several projects, which a create that was answered with a failure can
 * leave: the one that was deployed, else the one with something in it, else the oldest.
 */
export function choose(estates: readonly Estate[]): Estate | undefined {
  const [...oldestFirst] = estates;
  oldestFirst.sort((a, b) => a.createdAtMs - b.createdAtMs);
  return (
    oldestFirst.find(({ deployment }) => deployment !== null) ??
    oldestFirst.find(({ isEmpty }) => !isEmpty) ??
    oldestFirst[0]
  );
}
