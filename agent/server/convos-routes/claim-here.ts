import { randomBytes, randomInt } from "node:crypto";
import type { ProvisionRequest } from "../../../domain/agent-protocol.ts";
import { CLAIM_ID_LENGTH } from "../../../domain/ids.ts";
import type { AgentCore, ProvisionOutcome } from "../pool/agent-core.ts";
import type { ProblemCode } from "../pool/problem.ts";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
const NONCE_BYTES = 16;

type Answer = Extract<ProvisionOutcome, { kind: "answer" }>["answer"];
export type ClaimHere = { answer: Answer } | { refusal: ProblemCode };

/**
 * Gives an agent that runs by itself to a claim that nobody else knows of. With a platform the claims are in its ledger, and
 * one that is not would be an agent that nobody ends.
 */
export async function claimHere(
  core: Pick<AgentCore, "status" | "provision">,
  standalone: boolean,
  wishes: { name?: string; instructions?: string; inviteUrl?: string },
): Promise<ClaimHere> {
  if (!standalone) return { refusal: "claimed-through-the-platform" };
  if (core.status().claimId !== null) return { refusal: "already-claimed" };
  const { name, instructions, inviteUrl } = wishes;
  const request: ProvisionRequest = {
    claimId: Array.from({ length: CLAIM_ID_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join(""),
    nonce: randomBytes(NONCE_BYTES).toString("hex"),
    instructions: instructions ?? "",
    ...(name === undefined ? {} : { name }),
    ...(inviteUrl === undefined ? {} : { joinUrl: inviteUrl }),
  };
  const outcome = await core.provision(request);
  if (outcome.kind === "answer") return { answer: outcome.answer };
  // Another request of this kind was first.
  return { refusal: outcome.refusal === "claimed-by-another" ? "already-claimed" : outcome.refusal };
}
