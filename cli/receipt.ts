import { createPublicKey, verify } from "node:crypto";
import { type Static, Type } from "typebox";
import type { ApiClient } from "./api-client.ts";
import type { Receipt } from "./api-types.ts";

export const Jwks = Type.Object({
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

type PublicKeys = Static<typeof Jwks>["keys"];

export const readKeys = async (api: ApiClient): Promise<PublicKeys> =>
  (await api.call(Jwks, "/.well-known/jwks.json")).keys;

/** Checks the Ed25519 signature over the receipt's text. */
export function checkSignature(receipt: Static<typeof Receipt>, keys: PublicKeys): ReceiptCheck {
  const key = keys.find(({ kid }) => kid === receipt.keyId);
  if (!key) return "no key to check the signature with";
  const { kty, crv, x } = key;
  const publicKey = createPublicKey({ key: { kty, crv, x }, format: "jwk" });
  const signature = Buffer.from(receipt.signature, "base64url");
  const isValid = verify(null, Buffer.from(receipt.body), publicKey, signature);
  return isValid ? "signature valid" : "signature WRONG";
}

/** Checks it with the gateway's public keys. */
export async function verifyReceipt(
  api: ApiClient,
  receipt: Static<typeof Receipt> | undefined,
): Promise<ReceiptCheck> {
  return receipt ? checkSignature(receipt, await readKeys(api)) : "missing";
}
