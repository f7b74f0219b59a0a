import { createPublicKey } from "node:crypto";
import { sql } from "kysely";
import { type Static, Type } from "typebox";
import { ReceiptSigner } from "../../activities/registry/receipt.ts";
import { PlatformError } from "../../domain/errors.ts";
import type { Gateway } from "../gateway.ts";
import { describeError } from "../log.ts";
import { PROBLEMS } from "../schemas/problem.ts";
import type { Server } from "../server.ts";

const CHECK_TIMEOUT_MS = 2_000;
const Ok = Type.Object({ ok: Type.Boolean() });
const Jwk = Type.Object({
  kty: Type.String(),
  crv: Type.String(),
  x: Type.String(),
  kid: Type.String({ description: "The `keyId` of the receipts." }),
  use: Type.String(),
});

/** Whether the process is up, whether it can serve, and the key that receipts are checked with. */
export function healthRoutes(server: Server, gateway: Gateway): void {
  server.get(
    "/healthz",
    {
      schema: { operationId: "health", summary: "The process is up", response: { 200: Ok, ...PROBLEMS } },
      config: { access: "open", quiet: true },
    },
    () => ({ ok: true }),
  );
  server.get(
    "/readyz",
    {
      schema: {
        operationId: "ready",
        summary: "Postgres and Temporal answer",
        response: { 200: Ok, ...PROBLEMS },
      },
      config: { access: "open", quiet: true },
    },
    async () => {
      const failing = await failingParts(gateway);
      if (failing.length === 0) return { ok: true };
      throw new PlatformError("unavailable", { detail: `not ready: ${failing.join(", ")}` });
    },
  );
  const keys = publicKeys(gateway);
  server.get(
    "/.well-known/jwks.json",
    {
      schema: {
        operationId: "receiptKeys",
        summary: "The public keys that receipts are checked with",
        response: { 200: Type.Object({ keys: Type.Array(Jwk) }), ...PROBLEMS },
      },
      config: { access: "open", quiet: true },
    },
    () => ({ keys }),
  );
}

async function failingParts({ registry, workflows, log }: Gateway): Promise<string[]> {
  const parts = {
    postgres: () => sql`SELECT 1`.execute(registry.db),
    temporal: () => workflows.check(),
  };
  const results = await Promise.all(
    Object.entries(parts).map(async ([part, check]) => {
      try {
        await within(CHECK_TIMEOUT_MS, check());
        return [];
      } catch (error) {
        log("not-ready", { failing: part, ...describeError(error) });
        return [part];
      }
    }),
  );
  return results.flat();
}

async function within(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([work, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function publicKeys({ config }: Gateway): Static<typeof Jwk>[] {
  if (!config.receiptKey) return [];
  const { keyId, publicKeyPem } = new ReceiptSigner(
    config.receiptKey.export({ format: "der", type: "pkcs8" }),
  );
  const { x = "" } = createPublicKey(publicKeyPem).export({ format: "jwk" });
  return [{ kty: "OKP", crv: "Ed25519", x, kid: keyId, use: "sig" }];
}
