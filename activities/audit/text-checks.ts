import type { Violation } from "../../domain/audit.ts";
import type { Dependencies } from "../dependencies.ts";
import { readClaim } from "../registry/claims.ts";
import { readSecret } from "../registry/secrets.ts";

/** Newest first; a history is some ten kilobytes. */
const MAX_HISTORIES = 300;
/** Shorter texts would be found by chance. */
const MIN_NEEDLE_CHARS = 12;

/** Looks for every secret and text that is open now in the histories and in the events (I6). */
export async function checkTexts(deps: Dependencies): Promise<Violation[]> {
  const needles = await openTexts(deps);
  const found = (text: string): boolean => needles.some((needle) => text.includes(needle));
  const violations: Violation[] = [];
  let seen = 0;
  for await (const { workflowId, runId } of deps.temporal.workflow.list({ pageSize: 100 })) {
    if (++seen > MAX_HISTORIES) break;
    const history = await deps.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    if (found(readable(history))) {
      violations.push({
        invariant: "I6",
        subject: workflowId,
        detail: "its history holds a secret or a person's text",
      });
    }
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

/** Payloads are bytes in a history; as text they can be searched. */
function readable(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part instanceof Uint8Array ? Buffer.from(part).toString("utf8") : part,
  );
}

async function openTexts({ registry }: Dependencies): Promise<string[]> {
  const texts: (string | undefined | null)[] = [];
  const secrets = await registry.db.selectFrom("secrets").select(["instance_id", "kind"]).execute();
  for (const { instance_id, kind } of secrets) texts.push(await readSecret(registry, instance_id, kind));
  const claims = await registry.db
    .selectFrom("claims")
    .select("id")
    .where("data_key", "is not", null)
    .execute();
  for (const { id } of claims) {
    const claim = await readClaim(registry, id);
    texts.push(claim?.result?.inviteUrl, claim?.result?.agentName);
  }
  return texts.filter((text) => typeof text === "string" && text.length >= MIN_NEEDLE_CHARS).map(String);
}
