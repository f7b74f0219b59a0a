import { sql } from "kysely";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { runCommand } from "../../cli/testing/run-command.ts";
import { verifyReceiptCommand } from "../../cli/verify-receipt.ts";
import type { InstanceId } from "../../domain/ids.ts";
import { eventually } from "./eventually.ts";
import type { TestPlatform } from "./platform.ts";

const GONE_TIMEOUT_MS = 60_000;

const Told = Type.Object({
  signature: Type.Literal("signature valid"),
  receipt: Type.Object({
    resources: Type.Array(
      Type.Object({ provider: Type.String(), kind: Type.String(), outcome: Type.Unknown() }),
    ),
  }),
});

/**
 * Explodes the instance and waits for its end; the outcomes of its receipt by `provider/kind`, as the command line reads
 * and verifies it. What it has is taken for old first, so that nothing is waited for that could come late.
 */
export async function explodeAndReadReceipt(
  platform: TestPlatform,
  id: InstanceId,
): Promise<Readonly<Record<string, unknown>>> {
  const { db } = platform.registry;
  await sql`UPDATE resources SET state_since = now() - interval '1 hour' WHERE instance_id = ${id}`.execute(
    db,
  );
  await sql`UPDATE instance_events SET at = at - interval '1 hour' WHERE instance_id = ${id}`.execute(db);
  const { status } = await platform.request("POST", `/api/instances/${id}/explode`, {});
  if (status !== 202) throw new Error(`the gateway answered ${status}`);
  const isGone = async () => (await platform.instance(id)).state === "exploded";
  await eventually(`${id} has exploded`, isGone, GONE_TIMEOUT_MS);
  const env = { API_URL: platform.apiUrl, API_KEY: platform.apiKey };
  const { code, events } = await runCommand(verifyReceiptCommand, [id, "--json"], { env });
  if (code !== 0) throw new Error(`verify-receipt ended with ${code}`);
  const { resources } = Value.Parse(Told, events[0]).receipt;
  return Object.fromEntries(resources.map(({ provider, kind, outcome }) => [`${provider}/${kind}`, outcome]));
}
