import type { Project } from "../../railway/answers.ts";
import type { RailwayClient, ServiceRef } from "../../railway/client.ts";
import type { InventoryItem } from "../driver.ts";
import type { AgentProjects } from "./agent-projects.ts";
import { estateOf } from "./estate.ts";
import { isRunning } from "./run-state.ts";

/** One request asks for the domains of so many services. */
const SERVICES_PER_REQUEST = 20;

/** Everything under the prefix, one item for each thing that is there; volumes pending deletion have ended. */
export async function listInventory(
  client: RailwayClient,
  projects: AgentProjects,
  namePrefix: string,
): Promise<readonly InventoryItem[]> {
  const ours = (await client.projects()).filter(({ name }) => name.startsWith(namePrefix));
  const items = ours.flatMap(itemsOf);
  const services = ours.flatMap((project) => servicesOf(project));
  for (let from = 0; from < services.length; from += SERVICES_PER_REQUEST) {
    const batch = services.slice(from, from + SERVICES_PER_REQUEST);
    // One that went between the two requests fails them all: the next sweep sees it as it is then.
    const domains = await client.domainsOf(batch).catch(async (error: unknown) => {
      throw await projects.explain(error);
    });
    for (const [index, { name }] of batch.entries()) {
      for (const { id } of domains[index] ?? [])
        items.push({ kind: "domain", name, externalId: id, running: false });
    }
  }
  return items;
}

function itemsOf(project: Project): InventoryItem[] {
  const { name } = project;
  const { projectId, serviceId, volumes, deployment } = estateOf(project);
  const items = [{ kind: "project", name, externalId: projectId, running: false }];
  if (serviceId !== undefined)
    items.push({ kind: "service", name, externalId: serviceId, running: isRunning(deployment) });
  for (const { volume } of volumes)
    items.push({ kind: "volume", name, externalId: volume.id, running: false });
  return items;
}

function servicesOf(project: Project): (ServiceRef & { name: string })[] {
  const { projectId, environmentId, serviceId } = estateOf(project);
  return serviceId === undefined ? [] : [{ projectId, environmentId, serviceId, name: project.name }];
}
