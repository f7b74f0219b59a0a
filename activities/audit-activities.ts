import { createPublicKey, verify } from "node:crypto";
import type { Violation } from "../domain/audit.ts";
import { checkProviders } from "./audit/provider-checks.ts";
import { checkRegistry } from "./audit/registry-checks.ts";
import { checkTexts } from "./audit/text-checks.ts";
import type { Dependencies } from "./dependencies.ts";

export const auditActivities = (deps: Dependencies) => ({
  /** Reads everything, changes nothing, answers every breach of an invariant that it finds. */
  async audit(): Promise<Violation[]> {
    return [
      ...(await checkRegistry(deps.registry.db)),
      ...(await checkReceipts(deps)),
      ...(await checkProviders(deps)),
      ...(await checkTexts(deps)),
    ];
  },
});

async function checkReceipts({ registry, receipts }: Dependencies): Promise<Violation[]> {
  const rows = await registry.db
    .selectFrom("receipts")
    .selectAll()
    .where("key_id", "=", receipts.keyId)
    .execute();
  const key = createPublicKey(receipts.publicKeyPem);
  return rows
    .filter((row) => !verify(null, Buffer.from(row.body), key, Buffer.from(row.signature, "base64url")))
    .map((row) => ({
      invariant: "I5",
      subject: row.instance_id,
      detail: "the receipt's signature is wrong",
    }));
}
