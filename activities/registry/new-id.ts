import { randomInt } from "node:crypto";
import {
  CLAIM_ID_LENGTH,
  type ClaimId,
  INSTANCE_ID_LENGTH,
  type InstanceId,
  parseClaimId,
  parseInstanceId,
} from "../../domain/ids.ts";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";

function randomText(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}

export function newInstanceId(): InstanceId {
  const id = parseInstanceId(randomText(INSTANCE_ID_LENGTH));
  if (!id) throw new Error("a generated instance id must be one");
  return id;
}

export function newClaimId(): ClaimId {
  const id = parseClaimId(randomText(CLAIM_ID_LENGTH));
  if (!id) throw new Error("a generated claim id must be one");
  return id;
}
