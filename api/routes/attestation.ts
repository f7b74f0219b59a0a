import { Type } from "typebox";
import { type InstanceView, readInstance } from "../../activities/registry/instances.ts";
import { verifyAttestation } from "../../agent/convos/attestation.ts";
import { jwksOf } from "../../agent/convos/attestation-keys.ts";
import { AgentAttestation } from "../../domain/attestation.ts";
import { PlatformError } from "../../domain/errors.ts";
import { attesterOf } from "../../infra/config/attestation-keys.ts";
import type { Gateway } from "../gateway.ts";
import { InstanceParams } from "../schemas/instance.ts";
import { PROBLEMS } from "../schemas/problem.ts";
import type { Server } from "../server.ts";

/** For how long clients may go on with keys they have; a new key is published that long before it signs. */
const KEYS_MAX_AGE_S = 300;

const Jwks = Type.Object({
  keys: Type.Array(
    Type.Object({
      kid: Type.String({ description: "The `attestation_kid` of the profiles." }),
      kty: Type.Literal("OKP"),
      crv: Type.Literal("Ed25519"),
      x: Type.String(),
      use: Type.Literal("sig"),
      exp: Type.Optional(Type.String({ format: "date-time" })),
    }),
  ),
});

/** Bound to a claim, and neither set aside nor about to end. */
const isServing = ({ state, desired, claimId }: InstanceView): boolean =>
  desired === "present" && claimId !== undefined && (state === "claimed" || state === "recovering");

/** The keys that agents' profiles are checked with, and a new attestation for an agent whose own is getting old. */
export function attestationRoutes(server: Server, { config, registry }: Gateway): void {
  const { attestationKeys } = config;
  const jwks = { keys: [...jwksOf(attestationKeys).keys] };
  const attest = attesterOf(attestationKeys);
  server.get(
    "/.well-known/agents.json",
    {
      schema: {
        operationId: "attestationKeys",
        summary: "The public keys that agents' attestations are checked with",
        response: { 200: Jwks, ...PROBLEMS },
      },
      config: { access: "open", quiet: true },
    },
    (_request, reply) => {
      reply.header("cache-control", `public, max-age=${KEYS_MAX_AGE_S}`);
      return jwks;
    },
  );
  server.post(
    "/api/instances/:id/attestation",
    {
      schema: {
        operationId: "renewAttestation",
        summary: "For agents: the same attestation as of now, with the instance's own secret as bearer token",
        description:
          "For an inbox of that instance that has been attested at its claim, while the instance serves it. Anything else is a conflict.",
        params: InstanceParams,
        body: AgentAttestation,
        response: { 200: AgentAttestation, ...PROBLEMS },
      },
      config: { access: "instance" },
    },
    async ({ instanceId, body }, reply) => {
      if (!instanceId) throw new PlatformError("unauthorized");
      const { inboxId } = body;
      const instance = await readInstance(registry, instanceId);
      if (!isServing(instance)) throw new PlatformError("conflict", { detail: "it serves no claim" });
      if (inboxId !== instance.inboxId && inboxId !== instance.joinInboxId)
        throw new PlatformError("conflict", { detail: "the inbox is not the instance's" });
      const verdict = verifyAttestation(attestationKeys, inboxId, body, {
        at: new Date(),
        maxAgeMs: Number.POSITIVE_INFINITY,
      });
      const renewed = verdict === "verified" ? attest(inboxId) : undefined;
      if (!renewed)
        throw new PlatformError("conflict", { detail: `the attestation is not ours: ${verdict}` });
      reply.header("cache-control", "no-store");
      return renewed;
    },
  );
}
