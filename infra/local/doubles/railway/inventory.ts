import type { Settings } from "./settings.ts";
import type { Workspace } from "./workspace.ts";

/** What exists at the double: names of variables without their values, of webhooks only the origin. */
export interface RailwayState {
  projects: { id: string; name: string; environmentId: string }[];
  services: { id: string; projectId: string; name: string; image: string | null; variables: string[] }[];
  volumes: {
    id: string;
    projectId: string;
    serviceId: string | null;
    mountPath: string;
    isPendingDeletion: boolean;
  }[];
  domains: { id: string; serviceId: string; domain: string }[];
  deployments: { id: string; serviceId: string; status: string; stopped: boolean; variables: string[] }[];
  rules: { id: string; eventTypes: string[]; origins: string[] }[];
  settings: Settings;
}

const isThere = ({ deletedAtMs }: { deletedAtMs: number | null }): boolean => deletedAtMs === null;

export function inventory(workspace: Workspace): RailwayState {
  const { projects, services, volumes, domains, deployments, rules, settings } = workspace;
  return {
    projects: projects
      .values()
      .filter(isThere)
      .map(({ id, name, environmentId }) => ({ id, name, environmentId })),
    services: services
      .values()
      .filter(isThere)
      .map(({ id, projectId, name, config }) => ({
        ...{ id, projectId, name, image: config.image },
        variables: Object.keys(config.variables),
      })),
    volumes: volumes.values().map(({ id, projectId, serviceId, mountPath, deletingSinceMs }) => ({
      ...{ id, projectId, serviceId, mountPath },
      isPendingDeletion: deletingSinceMs !== null,
    })),
    domains: domains
      .values()
      .filter(isThere)
      .map(({ id, serviceId, domain }) => ({ id, serviceId, domain })),
    deployments: deployments.values().map(({ id, serviceId, status, stopped, config }) => ({
      ...{ id, serviceId, status, stopped },
      variables: Object.keys(config.variables),
    })),
    rules: rules.values().map(({ id, eventTypes, channels }) => ({
      ...{ id, eventTypes },
      origins: channels.map(({ config }) => originOf(config.url)),
    })),
    settings,
  };
}

const originOf = (url: unknown): string =>
  typeof url === "string" && URL.canParse(url) ? new URL(url).origin : "";
