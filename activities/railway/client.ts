import type { Static } from "typebox";
import { PlatformError } from "../../domain/errors.ts";
import {
  CreatedDomain,
  CreatedProject,
  CreatedRule,
  CreatedService,
  CreatedVolume,
  type Deployment,
  DomainsByAlias,
  Done,
  OneDeployment,
  OneProject,
  type Project,
  type ProjectHead,
  ProjectHeadPage,
  ProjectPage,
  type Rule,
  Rules,
  type ServiceDomain,
  ServiceStateAnswer,
  Workspaces,
} from "./answers.ts";
import * as documents from "./documents.ts";
import { Transport, type TransportOptions } from "./transport.ts";

export interface RailwayClientOptions extends TransportOptions {
  workspaceId: string;
  /** Awaited before each project is made, for the provider's narrower limit; its error is the create's. */
  beforeProjectCreate?: () => Promise<void>;
}

/** A service within its project and environment. */
export interface ServiceRef {
  projectId: string;
  environmentId: string;
  serviceId: string;
}

export interface CreatedProjectRef {
  id: string;
  environmentId: string;
}

/** What one deployment changes, in a single step: image, how it is started, and variables. */
export interface ServicePatch {
  source: { image: string };
  deploy: Record<string, unknown>;
  variables: Record<string, { value: string }>;
}

const HEADS_PER_PAGE = 100;
const PROJECTS_PER_PAGE = 50;
const MAX_PAGES = 200;

/**
 * The GraphQL API of Railway. No call retries, nothing here is idempotent, and reads lag behind writes for up to half
 * a minute: after any failure the next attempt starts with a look-up. Failures are `PlatformError`s; an unknown id is
 * a `NotFoundError`. Source: public schema of 2026-08 and the provider's guides.
 */
export class RailwayClient {
  readonly workspaceId: string;
  readonly #transport: Transport;
  readonly #beforeProjectCreate: () => Promise<void>;

  constructor({ workspaceId, beforeProjectCreate, ...transport }: RailwayClientOptions) {
    this.workspaceId = workspaceId;
    this.#beforeProjectCreate = beforeProjectCreate ?? (async () => undefined);
    this.#transport = new Transport(transport);
  }

  /** Throws `denied` unless the token is good now and reaches the workspace. */
  async checkCredential(): Promise<void> {
    const { apiToken } = await this.#transport.send(Workspaces, documents.API_TOKEN);
    if (!apiToken.workspaces.some(({ id }) => id === this.workspaceId))
      throw new PlatformError("denied", { detail: "the token does not reach the workspace" });
  }

  /** Every project that is not deleted. */
  async projectHeads(): Promise<ProjectHead[]> {
    return this.#pages(HEADS_PER_PAGE, (variables) =>
      this.#transport.send(ProjectHeadPage, documents.PROJECTS, variables),
    );
  }

  /** Every project that is not deleted, with all that is in it but its domains. */
  async projects(): Promise<Project[]> {
    return this.#pages(PROJECTS_PER_PAGE, (variables) =>
      this.#transport.send(ProjectPage, documents.WHOLE_PROJECTS, variables),
    );
  }

  async project(id: string): Promise<Project> {
    return (await this.#transport.send(OneProject, documents.PROJECT, { id })).project;
  }

  /** At most 32 characters; names are not unique. The provider allows one in about half a minute. */
  async createProject(name: string): Promise<CreatedProjectRef> {
    await this.#beforeProjectCreate();
    const input = { name, workspaceId: this.workspaceId };
    const { projectCreate } = await this.#transport.send(CreatedProject, documents.PROJECT_CREATE, { input });
    const environmentId = projectCreate.primaryEnvironmentId ?? projectCreate.environments.edges[0]?.node.id;
    if (environmentId === undefined)
      throw new PlatformError("ambiguous", { detail: "the new project shows no environment" });
    return { id: projectCreate.id, environmentId };
  }

  async deleteProject(id: string): Promise<void> {
    await this.#transport.send(Done, documents.PROJECT_DELETE, { id });
  }

  /** Without image and variables: with either, a deployment would start at once. */
  async createService(projectId: string, name: string): Promise<{ id: string }> {
    const input = { projectId, name };
    return (await this.#transport.send(CreatedService, documents.SERVICE_CREATE, { input })).serviceCreate;
  }

  /** Its volumes may stay behind. */
  async deleteService(id: string, environmentId: string): Promise<void> {
    await this.#transport.send(Done, documents.SERVICE_DELETE, { id, environmentId });
  }

  /** Two volumes at one path keep a service from being deployed. */
  async createVolume(service: ServiceRef, mountPath: string): Promise<{ id: string }> {
    const input = { ...service, mountPath };
    return (await this.#transport.send(CreatedVolume, documents.VOLUME_CREATE, { input })).volumeCreate;
  }

  /** Asks for its deletion, which may be pending for 48 hours. */
  async deleteVolume(id: string): Promise<void> {
    await this.#transport.send(Done, documents.VOLUME_DELETE, { id });
  }

  async createDomain({ serviceId, environmentId }: ServiceRef, targetPort: number): Promise<ServiceDomain> {
    const input = { serviceId, environmentId, targetPort };
    const answer = await this.#transport.send(CreatedDomain, documents.DOMAIN_CREATE, { input });
    return answer.serviceDomainCreate;
  }

  async deleteDomain(id: string): Promise<void> {
    await this.#transport.send(Done, documents.DOMAIN_DELETE, { id });
  }

  /** Its newest deployment, its domains and the variables that its next deployment gets. */
  async serviceState(service: ServiceRef): Promise<{
    deployment: Deployment | null;
    domains: ServiceDomain[];
    variables: Record<string, string>;
  }> {
    const answer = await this.#transport.send(ServiceStateAnswer, documents.SERVICE_STATE, short(service));
    return {
      deployment: answer.serviceInstance.latestDeployment,
      domains: answer.domains.serviceDomains,
      variables: answer.variables,
    };
  }

  /** The domains of each service, in one request. */
  async domainsOf(services: readonly ServiceRef[]): Promise<ServiceDomain[][]> {
    if (services.length === 0) return [];
    const variables = Object.fromEntries(
      services.flatMap((service, index) =>
        Object.entries(short(service)).map(([name, id]) => [`${name}${index}`, id]),
      ),
    );
    const document = documents.domainsOfMany(services.length);
    const answer = await this.#transport.send(DomainsByAlias, document, variables);
    return services.map((_, index) => {
      const domains = answer[`d${index}`];
      if (domains === undefined)
        throw new PlatformError("ambiguous", { detail: "the answer has another shape" });
      return domains.serviceDomains;
    });
  }

  /** Changes a service and deploys it in one step. A patch that changes nothing deploys nothing. */
  async commitPatch({ environmentId, serviceId }: ServiceRef, patch: ServicePatch, message: string) {
    const variables = { e: environmentId, patch: { services: { [serviceId]: patch } }, m: message };
    await this.#transport.send(Done, documents.PATCH_COMMIT, variables);
  }

  async deployment(id: string): Promise<Deployment> {
    return (await this.#transport.send(OneDeployment, documents.DEPLOYMENT, { id })).deployment;
  }

  async notificationRules(): Promise<Rule[]> {
    const answer = await this.#transport.send(Rules, documents.RULES, { w: this.workspaceId });
    return answer.notificationRules;
  }

  /** A webhook for the whole workspace. Each call makes another rule, and each rule delivers. */
  async createNotificationRule(url: string, eventTypes: readonly string[]): Promise<Rule> {
    const channelConfigs = [{ type: "webhook", url }];
    const input = { workspaceId: this.workspaceId, eventTypes, channelConfigs };
    const answer = await this.#transport.send(CreatedRule, documents.RULE_CREATE, { input });
    return answer.notificationRuleCreate;
  }

  async deleteNotificationRule(id: string): Promise<void> {
    await this.#transport.send(Done, documents.RULE_DELETE, { id });
  }

  async #pages<Node extends { deletedAt: string | null }>(
    first: number,
    read: (variables: Record<string, unknown>) => Promise<Page<Node>>,
  ): Promise<Node[]> {
    const found: Node[] = [];
    let after: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const { projects } = await read({ workspaceId: this.workspaceId, first, ...(after && { after }) });
      found.push(...projects.edges.map(({ node }) => node).filter(({ deletedAt }) => deletedAt === null));
      if (!projects.pageInfo.hasNextPage) return found;
      after = projects.pageInfo.endCursor ?? undefined;
      if (after === undefined) break;
    }
    throw new PlatformError("transient", { detail: "the project list does not end" });
  }
}

type Page<Node> = {
  projects: { pageInfo: Static<typeof ProjectPage>["projects"]["pageInfo"]; edges: { node: Node }[] };
};

const short = ({ projectId, environmentId, serviceId }: ServiceRef) => ({
  p: projectId,
  e: environmentId,
  s: serviceId,
});
