import { Type } from "typebox";
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

/** The keys that agents' profiles are checked with, and a new attestation for an agent whose own is getting old. */
export function attestationRoutes(server: Server, { config }: Gateway): void {
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
        description: "An inbox that has not been attested at its claim is never attested later.",
        params: InstanceParams,
        body: AgentAttestation,
        response: { 200: AgentAttestation, ...PROBLEMS },
      },
      config: { access: "instance" },
    },
    ({ instanceId, body }, reply) => {
      if (!instanceId) throw new PlatformError("unauthorized");
      const { inboxId } = body;
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
