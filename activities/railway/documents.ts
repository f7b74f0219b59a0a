/** The GraphQL documents that are sent, checked against the provider's published schema. */

export const API_TOKEN = "query ApiToken { apiToken { workspaces { id name } } }";

export const PROJECTS = `query Projects($workspaceId: String, $first: Int, $after: String) {
  projects(workspaceId: $workspaceId, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    edges { node { id name createdAt deletedAt } }
  }
}`;

/** A project with all that is in it but domains, which can only be asked for by service. */
const WHOLE_PROJECT = `
  id name createdAt deletedAt primaryEnvironmentId
  services { edges { node { id name createdAt } } }
  environments { edges { node {
    id name
    serviceInstances { edges { node { serviceId latestDeployment { id status createdAt deploymentStopped } } } }
    volumeInstances { edges { node { state mountPath serviceId isPendingDeletion volume { id name createdAt } } } }
  } } }`;

export const PROJECT = `query Project($id: String!) { project(id: $id) { ${WHOLE_PROJECT} } }`;

export const WHOLE_PROJECTS = `query WholeProjects($workspaceId: String, $first: Int, $after: String) {
  projects(workspaceId: $workspaceId, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    edges { node { ${WHOLE_PROJECT} } }
  }
}`;

export const SERVICE_STATE = `query ServiceState($p: String!, $e: String!, $s: String!) {
  serviceInstance(serviceId: $s, environmentId: $e) {
    latestDeployment { id status createdAt deploymentStopped }
  }
  domains(projectId: $p, environmentId: $e, serviceId: $s) { serviceDomains { id domain targetPort } }
  variables(projectId: $p, environmentId: $e, serviceId: $s)
}`;

/** The domains of many services in one request, under the aliases d0, d1, … */
export function domainsOfMany(count: number): string {
  const indexes = Array.from({ length: count }, (_, index) => index);
  const variables = indexes.map((i) => `$p${i}: String!, $e${i}: String!, $s${i}: String!`).join(", ");
  const fields = indexes.map(
    (i) =>
      `d${i}: domains(projectId: $p${i}, environmentId: $e${i}, serviceId: $s${i}) { serviceDomains { id domain targetPort } }`,
  );
  return `query DomainsOfMany(${variables}) { ${fields.join(" ")} }`;
}

export const PROJECT_CREATE = `mutation ProjectCreate($input: ProjectCreateInput!) {
  projectCreate(input: $input) { id name createdAt primaryEnvironmentId environments { edges { node { id name } } } }
}`;
export const PROJECT_DELETE = "mutation ProjectDelete($id: String!) { projectDelete(id: $id) }";

export const SERVICE_CREATE =
  "mutation ServiceCreate($input: ServiceCreateInput!) { serviceCreate(input: $input) { id name } }";
export const SERVICE_DELETE =
  "mutation ServiceDelete($id: String!, $environmentId: String) { serviceDelete(id: $id, environmentId: $environmentId) }";

export const VOLUME_CREATE =
  "mutation VolumeCreate($input: VolumeCreateInput!) { volumeCreate(input: $input) { id name } }";
export const VOLUME_DELETE = "mutation VolumeDelete($id: String!) { volumeDelete(volumeId: $id) }";

export const DOMAIN_CREATE =
  "mutation Domain($input: ServiceDomainCreateInput!) { serviceDomainCreate(input: $input) { id domain targetPort } }";
export const DOMAIN_DELETE = "mutation DomainDel($id: String!) { serviceDomainDelete(id: $id) }";

export const PATCH_COMMIT = `mutation PatchCommit($e: String!, $patch: EnvironmentConfig, $m: String) {
  environmentPatchCommit(environmentId: $e, patch: $patch, commitMessage: $m)
}`;

export const DEPLOYMENT =
  "query Dep($id: String!) { deployment(id: $id) { id status createdAt deploymentStopped } }";

export const RULES = `query Rules($w: String!, $p: String) {
  notificationRules(workspaceId: $w, projectId: $p) { id eventTypes projectId channels { id config } }
}`;
export const RULE_CREATE = `mutation Rule($input: CreateNotificationRuleInput!) {
  notificationRuleCreate(input: $input) { id eventTypes projectId channels { id config } }
}`;
export const RULE_DELETE = "mutation RuleDel($id: String!) { notificationRuleDelete(id: $id) }";
