import { randomBytes, randomUUID } from "node:crypto";
import type { Deployer } from "./deployer.ts";
import { failure, notAuthorized } from "./errors.ts";
import type { DeploymentRecord, ServiceConfig, ServiceRecord, VolumeRecord } from "./records.ts";
import type { Removals } from "./removals.ts";
import { applyPatch, parseVariables } from "./service-config.ts";
import type { Throttles } from "./throttles.ts";
import type { Views } from "./views.ts";
import type { Workspace } from "./workspace.ts";

interface ServiceInput {
  projectId: string;
  name?: string | null;
  source?: { image?: string | null } | null;
  variables?: unknown;
}
interface VolumeInput {
  projectId: string;
  mountPath: string;
  serviceId?: string | null;
}
interface InstanceInput {
  source?: { image?: string | null } | null;
  [setting: string]: unknown;
}
interface VariablesInput {
  serviceId?: string | null;
  skipDeploys?: boolean | null;
}

export interface MutationParts {
  workspace: Workspace;
  views: Views;
  throttles: Throttles;
  deployer: Deployer;
  removals: Removals;
  /** A fresh address for a service. */
  newDomain(label: string): string;
}

/** Services with their volumes, domains, variables and deployments. */
export function serviceMutations(parts: MutationParts) {
  const { workspace, views, throttles, deployer, removals } = parts;
  const projectOf = (id: string) => workspace.change("Project", workspace.projects.get(id));
  const serviceOf = (id: string) => workspace.change("Service", workspace.services.get(id));
  const environment = (id: string) => workspace.change("Environment", workspace.projectOfEnvironment(id));
  const deploymentOf = (id: string): DeploymentRecord => {
    const found = workspace.deployments.get(id);
    if (found === undefined) throw notAuthorized();
    serviceOf(found.serviceId);
    return found;
  };
  const configure = (service: ServiceRecord, config: ServiceConfig, skipDeploys: boolean): void => {
    const configured = { ...service, config };
    workspace.services.put(service.id, configured);
    if (!skipDeploys && config.image !== null) deployer.deploy(configured);
  };
  const changeVariables = (input: VariablesInput, change: (now: Record<string, string>) => unknown) => {
    if (!input.serviceId) return true;
    const service = serviceOf(input.serviceId);
    const variables = parseVariables(change(service.config.variables));
    configure(service, { ...service.config, variables }, input.skipDeploys ?? false);
    return true;
  };

  return {
    serviceCreate({ input }: { input: ServiceInput }) {
      const project = projectOf(input.projectId);
      const id = randomUUID();
      const name = input.name ?? `service-${id.slice(0, 8)}`;
      const isTaken = workspace.services
        .values()
        .some((each) => each.projectId === project.id && each.name === name && each.deletedAtMs === null);
      if (isTaken) throw failure("A service with this name already exists in the project");
      const image = input.source?.image ?? null;
      const service: ServiceRecord = {
        id,
        projectId: project.id,
        name,
        config: { image, deploy: {}, variables: parseVariables(input.variables ?? {}) },
        createdAtMs: workspace.clock.nowMs(),
        deletedAtMs: null,
      };
      configure(service, service.config, false);
      return views.service(service);
    },
    serviceDelete({ id }: { id: string }): boolean {
      removals.service(serviceOf(id));
      return true;
    },
    serviceInstanceUpdate(args: { serviceId: string; input: InstanceInput }): boolean {
      const service = serviceOf(args.serviceId);
      const { source, ...deploy } = args.input;
      const image = source?.image ?? service.config.image;
      const config = { ...service.config, image, deploy: { ...service.config.deploy, ...deploy } };
      configure(service, config, image === service.config.image);
      return true;
    },
    serviceInstanceLimitsUpdate({ input }: { input: { serviceId: string } }): boolean {
      const service = serviceOf(input.serviceId);
      const deploy = { ...service.config.deploy, limits: input };
      configure(service, { ...service.config, deploy }, true);
      return true;
    },
    serviceInstanceDeployV2: (args: { serviceId: string }): string =>
      deployer.deploy(serviceOf(args.serviceId)).id,
    environmentPatchCommit(args: { environmentId: string; patch?: unknown }): string {
      const project = environment(args.environmentId);
      const inProject = (id: string): ServiceRecord => {
        const service = serviceOf(id);
        if (service.projectId !== project.id) throw notAuthorized();
        return service;
      };
      const changed = applyPatch(args.patch, (id) => inProject(id).config);
      for (const id of changed.keys()) {
        const mounted = workspace.volumes
          .values()
          .filter((volume) => volume.serviceId === id && volume.deletingSinceMs === null)
          .map(({ mountPath }) => mountPath);
        if (new Set(mounted).size < mounted.length) throw failure("Failed to create deployment");
      }
      for (const [id, config] of changed) configure(inProject(id), config, false);
      return `commit-${randomUUID()}`;
    },
    volumeCreate({ input }: { input: VolumeInput }) {
      const project = projectOf(input.projectId);
      const service = input.serviceId ? serviceOf(input.serviceId) : undefined;
      if (!input.mountPath.startsWith("/")) throw failure("Invalid mount path");
      throttles.createVolume();
      const id = randomUUID();
      const volume: VolumeRecord = {
        id,
        instanceId: randomUUID(),
        projectId: project.id,
        serviceId: service?.id ?? null,
        name: `volume-${id.slice(0, 8)}`,
        mountPath: input.mountPath,
        createdAtMs: workspace.clock.nowMs(),
        deletingSinceMs: null,
      };
      workspace.volumes.put(id, volume);
      return views.volume(volume);
    },
    volumeDelete({ volumeId }: { volumeId: string }): boolean {
      const volume = workspace.volumes.get(volumeId);
      const project = volume && workspace.projects.get(volume.projectId);
      if (volume === undefined || project?.deletedAtMs !== null) throw notAuthorized();
      removals.volume(volume);
      return true;
    },
    variableUpsert: ({ input }: { input: VariablesInput & { name: string; value: string } }) =>
      changeVariables(input, (now) => ({ ...now, [input.name]: input.value })),
    variableCollectionUpsert: ({
      input,
    }: {
      input: VariablesInput & { variables: Record<string, unknown>; replace?: boolean | null };
    }) => changeVariables(input, (now) => ({ ...(input.replace ? {} : now), ...input.variables })),
    serviceDomainCreate({ input }: { input: { serviceId: string; targetPort?: number | null } }) {
      const service = serviceOf(input.serviceId);
      const domain = {
        id: randomUUID(),
        serviceId: service.id,
        domain: parts.newDomain(`${service.name.toLowerCase()}-${randomBytes(4).toString("hex")}`),
        targetPort: input.targetPort ?? null,
        createdAtMs: workspace.clock.nowMs(),
        deletedAtMs: null,
      };
      workspace.domains.put(domain.id, domain);
      return views.domain(domain);
    },
    serviceDomainDelete({ id }: { id: string }): boolean {
      removals.domain(workspace.change("ServiceDomain", workspace.domains.get(id)));
      return true;
    },
    deploymentStop({ id }: { id: string }): boolean {
      deployer.stop(deploymentOf(id));
      return true;
    },
    deploymentRestart({ id }: { id: string }): boolean {
      deployer.happen(deploymentOf(id), "redeploy");
      return true;
    },
    deploymentRemove({ id }: { id: string }): boolean {
      deployer.remove(deploymentOf(id));
      return true;
    },
    deploymentRedeploy({ id }: { id: string }) {
      const { serviceId, config, status } = deploymentOf(id);
      if (status === "INITIALIZING" || status === "BUILDING")
        throw failure("Cannot redeploy yet, please wait for the original deployment to finish building");
      return views.deployment(deployer.deploy({ ...serviceOf(serviceId), config }));
    },
  };
}
