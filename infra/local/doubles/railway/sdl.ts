/** The part of the provider's schema that the double serves: every field, argument and enum is named as there. */
export const SDL = `
scalar DateTime
scalar JSON
scalar EnvironmentVariables
scalar EnvironmentConfig
scalar DeploymentMeta
enum DeploymentStatus { BUILDING CRASHED DEPLOYING FAILED INITIALIZING NEEDS_APPROVAL QUEUED REMOVED REMOVING SKIPPED SLEEPING SUCCESS WAITING }
enum VolumeState { DELETED DELETING ERROR MIGRATING MIGRATION_PENDING READY RESTORING UPDATING }
enum RestartPolicyType { ALWAYS NEVER ON_FAILURE }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
type Query {
  apiToken: ApiTokenContext!
  projects(workspaceId: String, first: Int, after: String, includeDeleted: Boolean): QueryProjectsConnection!
  project(id: String!): Project!
  environment(id: String!, projectId: String): Environment!
  serviceInstance(serviceId: String!, environmentId: String!): ServiceInstance!
  deployment(id: String!): Deployment!
  deployments(input: DeploymentListInput!, first: Int, after: String): QueryDeploymentsConnection!
  deploymentLogs(deploymentId: String!, limit: Int, filter: String): [Log!]!
  variables(projectId: String!, environmentId: String!, serviceId: String, unrendered: Boolean): EnvironmentVariables!
  domains(projectId: String!, environmentId: String!, serviceId: String!): AllDomains!
  notificationRules(workspaceId: String!, projectId: String): [NotificationRule!]!
}
type Mutation {
  projectCreate(input: ProjectCreateInput!): Project!
  projectDelete(id: String!): Boolean!
  projectScheduleDelete(id: String!): Boolean!
  serviceCreate(input: ServiceCreateInput!): Service!
  serviceDelete(id: String!, environmentId: String): Boolean!
  serviceInstanceUpdate(serviceId: String!, environmentId: String, input: ServiceInstanceUpdateInput!): Boolean!
  serviceInstanceLimitsUpdate(input: ServiceInstanceLimitsUpdateInput!): Boolean!
  serviceInstanceDeployV2(serviceId: String!, environmentId: String!, commitSha: String): String!
  environmentPatchCommit(environmentId: String!, patch: EnvironmentConfig, commitMessage: String): String!
  volumeCreate(input: VolumeCreateInput!): Volume!
  volumeDelete(volumeId: String!): Boolean!
  variableUpsert(input: VariableUpsertInput!): Boolean!
  variableCollectionUpsert(input: VariableCollectionUpsertInput!): Boolean!
  serviceDomainCreate(input: ServiceDomainCreateInput!): ServiceDomain!
  serviceDomainDelete(id: String!): Boolean!
  deploymentStop(id: String!): Boolean!
  deploymentRestart(id: String!): Boolean!
  deploymentRemove(id: String!): Boolean!
  deploymentRedeploy(id: String!, usePreviousImageTag: Boolean): Deployment!
  notificationRuleCreate(input: CreateNotificationRuleInput!): NotificationRule!
  notificationRuleDelete(id: String!): Boolean!
}
type ApiTokenContext { workspaces: [ApiTokenWorkspace!]! }
type ApiTokenWorkspace { id: String! name: String! }
type Project { id: ID! name: String! description: String createdAt: DateTime! deletedAt: DateTime workspaceId: String primaryEnvironmentId: String
  environments: ProjectEnvironmentsConnection! services: ProjectServicesConnection! volumes: ProjectVolumesConnection! }
type QueryProjectsConnection { edges: [QueryProjectsConnectionEdge!]! pageInfo: PageInfo! }
type QueryProjectsConnectionEdge { node: Project! cursor: String! }
type ProjectEnvironmentsConnection { edges: [ProjectEnvironmentsConnectionEdge!]! pageInfo: PageInfo! }
type ProjectEnvironmentsConnectionEdge { node: Environment! cursor: String! }
type ProjectServicesConnection { edges: [ProjectServicesConnectionEdge!]! pageInfo: PageInfo! }
type ProjectServicesConnectionEdge { node: Service! cursor: String! }
type ProjectVolumesConnection { edges: [ProjectVolumesConnectionEdge!]! pageInfo: PageInfo! }
type ProjectVolumesConnectionEdge { node: Volume! cursor: String! }
type Environment { id: ID! name: String! serviceInstances: EnvironmentServiceInstancesConnection! volumeInstances: EnvironmentVolumeInstancesConnection! }
type EnvironmentServiceInstancesConnection { edges: [EnvironmentServiceInstancesConnectionEdge!]! pageInfo: PageInfo! }
type EnvironmentServiceInstancesConnectionEdge { node: ServiceInstance! cursor: String! }
type EnvironmentVolumeInstancesConnection { edges: [EnvironmentVolumeInstancesConnectionEdge!]! pageInfo: PageInfo! }
type EnvironmentVolumeInstancesConnectionEdge { node: VolumeInstance! cursor: String! }
type Service { id: ID! name: String! projectId: String! createdAt: DateTime! }
type ServiceInstance { id: ID! serviceId: String! serviceName: String! environmentId: String! latestDeployment: Deployment }
type Deployment { id: ID! status: DeploymentStatus! createdAt: DateTime! url: String staticUrl: String meta: DeploymentMeta deploymentStopped: Boolean! }
type QueryDeploymentsConnection { edges: [QueryDeploymentsConnectionEdge!]! pageInfo: PageInfo! }
type QueryDeploymentsConnectionEdge { node: Deployment! cursor: String! }
type Log { timestamp: String! message: String! severity: String }
type Volume { id: ID! name: String! createdAt: DateTime! }
type VolumeInstance { id: ID! state: VolumeState mountPath: String! serviceId: String isPendingDeletion: Boolean! volume: Volume! }
type ServiceDomain { id: ID! domain: String! targetPort: Int }
type CustomDomain { id: ID! domain: String! }
type AllDomains { serviceDomains: [ServiceDomain!]! customDomains: [CustomDomain!]! }
type NotificationRule { id: ID! eventTypes: [String!]! projectId: String channels: [NotificationChannel!]! }
type NotificationChannel { id: ID! config: NotificationChannelConfig! }
scalar NotificationChannelConfig
enum NotificationSeverity { CRITICAL INFO NOTICE WARNING }
input ProjectCreateInput { name: String description: String workspaceId: String defaultEnvironmentName: String isPublic: Boolean prDeploys: Boolean }
input ServiceSourceInput { image: String repo: String }
input RegistryCredentialsInput { username: String! password: String! }
input ServiceCreateInput { projectId: String! environmentId: String name: String source: ServiceSourceInput variables: EnvironmentVariables registryCredentials: RegistryCredentialsInput }
input ServiceInstanceUpdateInput { source: ServiceSourceInput startCommand: String healthcheckPath: String healthcheckTimeout: Int numReplicas: Int region: String restartPolicyType: RestartPolicyType restartPolicyMaxRetries: Int sleepApplication: Boolean drainingSeconds: Int overlapSeconds: Int preDeployCommand: [String!] registryCredentials: RegistryCredentialsInput }
input ServiceInstanceLimitsUpdateInput { serviceId: String! environmentId: String! memoryGB: Float vCPUs: Float }
input VolumeCreateInput { projectId: String! mountPath: String! serviceId: String environmentId: String region: String }
input VariableUpsertInput { projectId: String! environmentId: String! serviceId: String name: String! value: String! skipDeploys: Boolean = false }
input VariableCollectionUpsertInput { projectId: String! environmentId: String! serviceId: String variables: EnvironmentVariables! replace: Boolean = false skipDeploys: Boolean = false }
input ServiceDomainCreateInput { serviceId: String! environmentId: String! targetPort: Int }
input DeploymentStatusInput { in: [DeploymentStatus!] notIn: [DeploymentStatus!] }
input DeploymentListInput { projectId: String environmentId: String serviceId: String includeDeleted: Boolean status: DeploymentStatusInput }
input CreateNotificationRuleInput { workspaceId: String! projectId: String eventTypes: [String!]! channelConfigs: [NotificationChannelConfig!]! severities: [NotificationSeverity!] ephemeralEnvironments: Boolean }
`;
