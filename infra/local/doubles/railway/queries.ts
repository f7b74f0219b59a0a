import { notAuthorized } from "./errors.ts";
import type { DeploymentRecord, ProjectRecord, ServiceRecord } from "./records.ts";
import { connection, type Views } from "./views.ts";
import type { Workspace } from "./workspace.ts";

const MAX_PAGE_SIZE = 100;

interface Page {
  first?: number | null;
  after?: string | null;
}

/** The root of the schema's queries. What is too new is "not found", what is gone or foreign "Not Authorized". */
export function queries(workspace: Workspace, views: Views) {
  const projectById = (id: string): ProjectRecord => workspace.read("Project", workspace.projects.get(id));
  const environment = (id: string): ProjectRecord =>
    workspace.read("Environment", workspace.projectOfEnvironment(id));
  const service = (id: string): ServiceRecord =>
    workspace.read("ServiceInstance", workspace.services.get(id));
  const deployment = (id: string): DeploymentRecord => {
    const found = workspace.deployments.get(id);
    if (found === undefined) throw notAuthorized();
    service(found.serviceId);
    return found;
  };

  return {
    apiToken: () => ({ workspaces: [{ id: workspace.id, name: workspace.name }] }),
    projects(args: Page & { workspaceId?: string | null; includeDeleted?: boolean | null }) {
      if (args.workspaceId !== undefined && args.workspaceId !== workspace.id) throw notAuthorized();
      const nowMs = workspace.clock.nowMs();
      const { staleReadsMs, deletedProjectsLingerMs } = workspace.settings;
      const lingers = ({ deletedAtMs }: ProjectRecord) =>
        deletedAtMs !== null &&
        (args.includeDeleted === true || deletedAtMs + staleReadsMs + deletedProjectsLingerMs > nowMs);
      const shown = workspace.projects
        .values()
        .filter((each) => workspace.isShown(each) || lingers(each))
        .map((each) => views.project(each));
      return paged(shown, args);
    },
    project: ({ id }: { id: string }) => views.project(projectById(id)),
    environment: ({ id }: { id: string }) => views.environment(environment(id)),
    serviceInstance(args: { serviceId: string; environmentId: string }) {
      environment(args.environmentId);
      return views.serviceInstance(service(args.serviceId));
    },
    deployment: ({ id }: { id: string }) => views.deployment(deployment(id)),
    deployments(args: Page & { input: { serviceId?: string | null; projectId?: string | null } }) {
      const { serviceId, projectId } = args.input;
      if (projectId) projectById(projectId);
      const found = workspace.deployments
        .values()
        .filter((each) => !serviceId || each.serviceId === serviceId)
        .filter((each) => !projectId || workspace.services.get(each.serviceId)?.projectId === projectId)
        .reverse();
      return paged(
        found.map((each) => views.deployment(each)),
        args,
      );
    },
    deploymentLogs({ deploymentId }: { deploymentId: string }) {
      deployment(deploymentId);
      return [];
    },
    variables(args: { projectId: string; environmentId: string; serviceId?: string | null }) {
      projectById(args.projectId);
      environment(args.environmentId);
      return args.serviceId ? service(args.serviceId).config.variables : {};
    },
    domains(args: { projectId: string; environmentId: string; serviceId: string }) {
      projectById(args.projectId);
      environment(args.environmentId);
      const domains = views.domainsOf(service(args.serviceId).id);
      return { serviceDomains: domains.map((each) => views.domain(each)), customDomains: [] };
    },
    notificationRules(args: { workspaceId: string; projectId?: string | null }) {
      if (args.workspaceId !== workspace.id) throw notAuthorized();
      const rules = workspace.rules.values();
      const ofProject = rules.filter(({ projectId }) => !args.projectId || projectId === args.projectId);
      return ofProject.map((rule) => ({ ...rule }));
    },
  };
}

function paged<T extends { id: string }>(all: readonly T[], { first, after }: Page) {
  const from = after ? all.findIndex(({ id }) => id === after) + 1 : 0;
  const size = Math.min(first ?? MAX_PAGE_SIZE, MAX_PAGE_SIZE);
  return connection(all.slice(from, from + size), from + size < all.length);
}
