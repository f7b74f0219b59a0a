import { PlatformError } from "../../../domain/errors.ts";
import type { ResourceName } from "../../../domain/ids.ts";
import { NotFoundError } from "../../railway/classify.ts";
import type { RailwayClient, ServiceRef } from "../../railway/client.ts";
import type { AgentProjects } from "./agent-projects.ts";
import { createOrAdopt } from "./create-or-adopt.ts";
import type { Estate } from "./estate.ts";
import type { Time } from "./time.ts";

export type ServiceState = Awaited<ReturnType<RailwayClient["serviceState"]>>;

/** Everything a deployment needs, made. */
export interface Parts {
  service: ServiceRef;
  volumeId: string;
  domain: { id: string; domain: string };
  state: ServiceState;
}

interface Sight {
  estate: Estate;
  state: ServiceState;
}

export interface PartsContext {
  client: RailwayClient;
  projects: AgentProjects;
  time: Time;
  settleMs: number;
  mountPath: string;
  targetPort: number;
}

const NOTHING: ServiceState = { deployment: null, domains: [], variables: {} };

/** Service, volume and domain within a project, each made at most once and before the first deployment. */
export async function ensureParts(
  context: PartsContext,
  name: ResourceName,
  project: { estate: Estate; isNew: boolean },
): Promise<Parts> {
  const { client, time, settleMs, mountPath, targetPort } = context;
  const settle = () => time.sleep(settleMs);
  const look = () => lookAt(context, project.estate.projectId);

  const sight = project.isNew
    ? { estate: project.estate, state: NOTHING }
    : await lookTwice(context, project.estate.projectId);
  const { projectId, environmentId } = sight.estate;
  const serviceId =
    sight.estate.serviceId ??
    (await createOrAdopt(
      "service",
      async () => (await client.createService(projectId, name)).id,
      async () => (await look()).estate.serviceId,
      settle,
    ));
  const service = { projectId, environmentId, serviceId };

  const volumeId =
    (await onlyVolume(client, service, sight)) ??
    (await createOrAdopt(
      "volume",
      async () => (await client.createVolume(service, mountPath)).id,
      async () => (await look()).estate.volumes[0]?.volume.id,
      settle,
    ));
  const domain =
    sight.state.domains[0] ??
    (await createOrAdopt(
      "domain",
      () => client.createDomain(service, targetPort),
      async () => (await client.serviceState(service)).domains[0],
      settle,
    ));
  return { service, volumeId, domain, state: sight.state };
}

/** The agent's state is on it: with several, or with one that hangs on nothing, a person has to look. */
async function onlyVolume(
  client: RailwayClient,
  { serviceId }: ServiceRef,
  { estate: { volumes, deployment }, state }: Sight,
): Promise<string | undefined> {
  const [first, ...others] = volumes;
  if (volumes.some((volume) => volume.serviceId !== serviceId))
    throw new PlatformError("conflict", { detail: "a volume of the project is not the service's" });
  if (others.length > 0 && (deployment !== null || state.variables.EPOCH !== undefined))
    throw new PlatformError("conflict", { detail: "the service has several volumes" });
  // Nothing has run yet, so nothing is on them.
  for (const { volume } of others) await client.deleteVolume(volume.id);
  return first?.volume.id;
}

/** An earlier attempt may have made what reads do not show yet: what is missing is looked for twice. */
async function lookTwice(context: PartsContext, projectId: string): Promise<Sight> {
  const first = await lookAt(context, projectId);
  const isComplete = first.estate.volumes.length > 0 && first.state.domains.length > 0;
  if (isComplete) return first;
  await context.time.sleep(context.settleMs);
  return lookAt(context, projectId);
}

async function lookAt({ client, projects }: PartsContext, projectId: string): Promise<Sight> {
  const estate = await projects.read(projectId);
  const { environmentId, serviceId } = estate;
  if (serviceId === undefined) return { estate, state: NOTHING };
  try {
    return { estate, state: await client.serviceState({ projectId, environmentId, serviceId }) };
  } catch (error) {
    // The service is listed before it can be read.
    if (error instanceof NotFoundError) return { estate, state: NOTHING };
    throw await projects.explain(error);
  }
}
