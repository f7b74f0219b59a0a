import { PlatformError } from "../../../domain/errors.ts";
import type { ResourceOutcome } from "../../../domain/resource-state.ts";
import { NotFoundError } from "../../railway/classify.ts";
import type { RailwayClient } from "../../railway/client.ts";
import type { AgentProjects } from "./agent-projects.ts";
import type { Estate } from "./estate.ts";
import type { Time } from "./time.ts";

const POLL_MS = 5_000;
/** The provider keeps the storage of a deleted volume for so long. */
const VOLUME_RETENTION_MS = 48 * 3_600_000;

export interface RemovalContext {
  client: RailwayClient;
  projects: AgentProjects;
  time: Time;
  settleMs: number;
}

/** Makes what the estates hold of one kind absent and reads that back. */
export async function removeKind(
  context: RemovalContext,
  kind: string,
  name: string,
  estates: readonly Estate[],
): Promise<ResourceOutcome> {
  const { client } = context;
  if (kind === "project") {
    const look = async () =>
      (await client.projectHeads()).filter((head) => head.name === name).map(({ id }) => id);
    const known = estates.map(({ projectId }) => projectId);
    await makeAbsent(context, look, (id) => client.deleteProject(id), known);
    return { kind: "absent" };
  }
  let outcome: ResourceOutcome = { kind: "absent" };
  for (const estate of estates) {
    await waitForHidden(context, kind, estate);
    const ended = await removeWithin(context, kind, estate);
    if (ended.kind !== "absent") outcome = ended;
  }
  return outcome;
}

async function removeWithin(
  context: RemovalContext,
  kind: string,
  { projectId, environmentId }: Estate,
): Promise<ResourceOutcome> {
  const { client, projects, time } = context;
  const read = () => projects.read(projectId);
  if (kind === "service") {
    const look = async () => [(await read()).serviceId ?? []].flat();
    await makeAbsent(context, look, (id) => client.deleteService(id, environmentId));
  } else if (kind === "domain") {
    const look = async () => (await domainsOf(context, await read())).map(({ id }) => id);
    await makeAbsent(context, look, (id) => client.deleteDomain(id));
  } else if (kind === "volume") {
    const look = async () => (await read()).volumes.map(({ volume }) => volume.id);
    await makeAbsent(context, look, (id) => client.deleteVolume(id));
    if ((await read()).hasVolumesPendingDeletion) {
      const until = new Date(time.now() + VOLUME_RETENTION_MS).toISOString();
      return { kind: "pending-deletion", until };
    }
  } else throw new PlatformError("invalid", { detail: `there is no ${kind}` });
  return { kind: "absent" };
}

async function domainsOf({ client, projects }: RemovalContext, estate: Estate) {
  const { projectId, environmentId, serviceId } = estate;
  if (serviceId === undefined) return [];
  try {
    return (await client.serviceState({ projectId, environmentId, serviceId })).domains;
  } catch (error) {
    throw await projects.explain(error);
  }
}

/**
 * A volume that an attempt without an answer has made may not be shown yet, and costs money for good. What else may
 * be hidden goes with the project.
 */
async function waitForHidden(
  { time, settleMs }: RemovalContext,
  kind: string,
  estate: Estate,
): Promise<void> {
  const isShown = estate.volumes.length > 0 || estate.hasVolumesPendingDeletion;
  if (kind === "volume" && !isShown) await time.sleep(settleMs);
}

/**
 * Removes what is known or a look shows and looks until it is gone, as reads lag. A refusal or an unknown id is judged by the
 * look: what is gone was removed by somebody else, what is there was refused.
 */
async function makeAbsent(
  { projects, time, settleMs }: RemovalContext,
  look: () => Promise<string[]>,
  remove: (id: string) => Promise<void>,
  known: readonly string[] = [],
): Promise<void> {
  let refusal: PlatformError | undefined;
  for (const id of new Set([...known, ...(await look())])) {
    try {
      await remove(id);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      if (error.code === "denied") await projects.explain(error);
      else if (!(error instanceof NotFoundError)) throw error;
      refusal = error;
    }
  }
  for (let waitedMs = 0; (await look()).length > 0; waitedMs += POLL_MS) {
    if (waitedMs >= settleMs)
      throw refusal ?? new PlatformError("ambiguous", { detail: "it is still shown after its deletion" });
    await time.sleep(POLL_MS);
  }
}
