import { type Client, isGrpcServiceError } from "@temporalio/client";
import type { Violation } from "../../domain/audit.ts";
import type { ClaimId } from "../../domain/ids.ts";
import type { Dependencies } from "../dependencies.ts";
import type { ClaimInput } from "../registry/claim-texts.ts";
import { loadDelivery, readClaim } from "../registry/claims.ts";
import type { Registry } from "../registry/registry.ts";
import { readSecret } from "../registry/secrets.ts";
import { payloadsIn } from "./payloads-in.ts";
import { textsIn } from "./texts-in.ts";

/** Newest first; a history is some ten kilobytes. */
const MAX_HISTORIES = 300;
/** Shorter texts would be found by chance. */
const MIN_NEEDLE_CHARS = 12;
const GRPC_NOT_FOUND = 5;

/** Looks for every secret and text that is open now in the histories and in the events (I6). */
export async function checkTexts(deps: Dependencies): Promise<Violation[]> {
  const needles = await openTexts(deps.registry);
  const found = (text: string): boolean => needles.some((needle) => text.includes(needle));
  const violations: Violation[] = [];
  for (const subject of await workflowsWith(deps, found)) {
    violations.push({
      invariant: "I6",
      subject,
      detail: "its history holds a secret or a person's text",
    });
  }
  const events = await deps.registry.db
    .selectFrom("instance_events")
    .select(["instance_id", "detail"])
    .execute();
  for (const { instance_id, detail } of events) {
    if (detail !== null && found(detail)) {
      violations.push({
        invariant: "I6",
        subject: instance_id,
        detail: "an event holds a secret or a person's text",
      });
    }
  }
  return violations;
}

/** Their ids; of one whose id holds the text itself, the run's. */
async function workflowsWith(
  { temporal }: Dependencies,
  found: (text: string) => boolean,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  let seen = 0;
  for await (const { workflowId, runId } of temporal.workflow.list({ pageSize: 100 })) {
    if (++seen > MAX_HISTORIES) break;
    try {
      const history = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
      if (found(workflowId)) ids.add(runId);
      else if ((await textsOfHistory(temporal, history)).some(found)) ids.add(workflowId);
    } catch (error) {
      // Deleted since it was listed: there is nothing to read in it any more.
      if (!isGrpcServiceError(error) || error.code !== GRPC_NOT_FOUND) throw error;
    }
  }
  return ids;
}

/** What is sealed on its way to Temporal is opened: under the platform's key a text is as wrong there as in the open. */
async function textsOfHistory(temporal: Client, history: unknown): Promise<readonly string[]> {
  let payloads = [...payloadsIn(history)];
  for (const codec of temporal.options.loadedDataConverter.payloadCodecs)
    payloads = await codec.decode(payloads);
  return [...textsIn(history), ...textsIn(payloads)];
}

/** Each as it is and as it stands in JSON, which is what payloads are. */
async function openTexts(registry: Registry): Promise<readonly string[]> {
  const texts = [...(await openSecrets(registry)), ...(await openClaimTexts(registry))];
  const long = texts.filter((text) => text.length >= MIN_NEEDLE_CHARS);
  return [...new Set(long.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]))];
}

async function openSecrets(registry: Registry): Promise<readonly string[]> {
  const rows = await registry.db.selectFrom("secrets").select(["instance_id", "kind"]).execute();
  const secrets: string[] = [];
  for (const { instance_id, kind } of rows) {
    const secret = await readSecret(registry, instance_id, kind);
    if (secret !== undefined) secrets.push(secret);
  }
  return secrets;
}

async function openClaimTexts(registry: Registry): Promise<readonly string[]> {
  const rows = await registry.db
    .selectFrom("claims")
    .select("id")
    .where("data_key", "is not", null)
    .execute();
  const texts: string[] = [];
  for (const { id } of rows) texts.push(...(await textsOf(registry, id)));
  return texts;
}

async function textsOf(registry: Registry, id: ClaimId): Promise<readonly string[]> {
  const result = (await readClaim(registry, id))?.result;
  const input = (await loadDelivery(registry, id))?.input;
  return [result?.inviteUrl, result?.agentName, ...(input ? inputTexts(input) : [])].filter(
    (text) => typeof text === "string",
  );
}

const inputTexts = ({ metadata = {}, ...texts }: ClaimInput): (string | undefined)[] => [
  ...Object.values(texts),
  ...Object.values(metadata),
];
