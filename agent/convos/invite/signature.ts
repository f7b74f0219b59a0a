import { createHash, timingSafeEqual } from "node:crypto";
import { secp256k1 } from "@noble/curves/secp256k1";
import { decodeOrUndefined } from "../protobuf.ts";

/** `r(32) ‖ s(32) ‖ recovery id(1)` over the SHA-256 of the payload: no Ethereum prefix, no 27/28. */
const SIGNATURE_BYTES = 65;
const COMPACT_BYTES = 64;

export const hashPayload = (payload: Uint8Array): Uint8Array =>
  new Uint8Array(createHash("sha256").update(payload).digest());

/** Deterministic (RFC 6979), low-S. */
export function signPayload(payload: Uint8Array, privateKey: Uint8Array): Uint8Array {
  const signature = secp256k1.sign(hashPayload(payload), privateKey, { lowS: true });
  return new Uint8Array([...signature.toCompactRawBytes(), signature.recovery]);
}

/** The signer's uncompressed public key (65 bytes), or undefined when the signature yields none. */
export function recoverPublicKey(payload: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
  const recoveryId = signature[COMPACT_BYTES];
  if (signature.length !== SIGNATURE_BYTES || recoveryId === undefined) return undefined;
  return decodeOrUndefined(() =>
    secp256k1.Signature.fromCompact(signature.subarray(0, COMPACT_BYTES))
      .addRecoveryBit(recoveryId)
      .recoverPublicKey(hashPayload(payload))
      .toRawBytes(false),
  );
}

/** Whether this private key made the signature. */
export function isSignedBy(payload: Uint8Array, signature: Uint8Array, privateKey: Uint8Array): boolean {
  const signer = recoverPublicKey(payload, signature);
  return signer !== undefined && timingSafeEqual(signer, secp256k1.getPublicKey(privateKey, false));
}
