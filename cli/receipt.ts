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
  const key = keys.find(({ kid }) => kid === receipt.keyId);
  if (!key) return "no key to check the signature with";
  const { kty, crv, x } = key;
  const publicKey = createPublicKey({ key: { kty, crv, x }, format: "jwk" });
  const isValid = verify(
    null,
    Buffer.from(receipt.body),
    publicKey,
    Buffer.from(receipt.signature, "base64url"),
  );
  return isValid ? "signature valid" : "signature WRONG";
}
