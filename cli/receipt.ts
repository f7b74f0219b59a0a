import { createPublicKey, verify } from "node:crypto";
import { type Static, Type } from "typebox";
import type { ApiClient } from "./api-client.ts";
import type { InstanceDetail } from "./api-types.ts";

const Keys = Type.Object({
  keys: Type.Array(
    Type.Object({
      kty: Type.Literal("OKP"),
      crv: Type.Literal("Ed25519"),
      x: Type.String(),
      kid: Type.String(),
    }),
  ),
});

export type ReceiptCheck =
  | "missing"
  | "signature valid"
  | "signature WRONG"
  | "no key to check the signature with";

/** Checks the receipt's Ed25519 signature with the gateway's public keys. */
export async function verifyReceipt(
  api: ApiClient,
  receipt: Static<typeof InstanceDetail>["receipt"],
): Promise<ReceiptCheck> {
  if (!receipt) return "missing";
  const { keys } = await api.call(Keys, "/.well-known/jwks.json");
  if (keys.length === 0) return "no key to check the signature with";
  const signature = Buffer.from(receipt.signature, "base64url");
  const isValid = keys.some(({ kty, crv, x }) =>
    verify(
      null,
      Buffer.from(receipt.body),
      createPublicKey({ key: { kty, crv, x }, format: "jwk" }),
      signature,
    ),
  );
  return isValid ? "signature valid" : "signature WRONG";
}
