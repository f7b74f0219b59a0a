import type { ServerResponse } from "node:http";
import { askInvite } from "../../activities/agent/ask-invite.ts";
import { type ClaimView, endClaim, readClaim } from "../../activities/registry/claims.ts";
import { type Intake, intakeClaim } from "../../activities/registry/intake.ts";
import { hasOpenClaim } from "../../activities/registry/open-claim.ts";
import { PlatformError } from "../../domain/errors.ts";
import { type ClaimId, parseClaimId } from "../../domain/ids.ts";
import { LIMITS } from "../../domain/limits.ts";
import { claimStatus, deliveredClaim } from "../claim-view.ts";
import type { Gateway } from "../gateway.ts";
import { verifyAgentsInvite, verifyInvite } from "../invite.ts";
import {
  AcceptedClaim,
  ClaimBody,
  ClaimHeaders,
  ClaimParams,
  ClaimStatus,
  DeliveredClaim,
  FreshInvite,
} from "../schemas/claim.ts";
import { PROBLEMS } from "../schemas/problem.ts";
import { serveClaim } from "../serve-claim.ts";
import type { Server } from "../server.ts";
import { within } from "../within.ts";

export function claimRoutes(server: Server, gateway: Gateway): void {
  const { registry, workflows, answers, background } = gateway;
  server.post(
    "/api/pool/claim",
    {
      schema: {
        operationId: "claim",
        summary: "Claim an agent",
        description:
          "Answers when the agent is in its conversation, or after `waitMs` with 202 and the claim's address. A repetition with the same Idempotency-Key gets the same answer.",
        headers: ClaimHeaders,
        body: ClaimBody,
        response: { 200: DeliveredClaim, 202: AcceptedClaim, ...PROBLEMS },
      },
      config: { access: "claim", quiet: true },
    },
    async (request, reply) => {
      const { body } = request;
      const closed = closeOf(reply.raw);
      const deadline = performance.now() + (body.waitMs ?? LIMITS.waitDefaultMs);
      const intake = await takeIn(gateway, body, request.headers["idempotency-key"]);
      const { claimId } = intake;
      if (intake.created) {
        const served = serveClaim(gateway, intake, body.joinUrl !== undefined, closed);
        await within(served, deadline - performance.now());
      }
      const claim = found(await answers.wait(claimId, deadline - performance.now(), closed), claimId);
      const delivered = deliveredClaim(claim);
      if (delivered) return delivered;
      reply.code(202).header("location", `/api/claims/${claimId}`);
      return { claimId, status: claim.state };
    },
  );
  server.get(
    "/api/claims/:id",
    {
      schema: {
        operationId: "claimStatus",
        summary: "What became of a claim",
        params: ClaimParams,
        response: { 200: ClaimStatus, ...PROBLEMS },
      },
      config: { access: "claim" },
    },
    async (request) => claimStatus(await readOrThrow(gateway, request.params.id)),
  );
  server.post(
    "/api/claims/:id/invite",
    {
      schema: {
        operationId: "freshInvite",
        summary: "A new invite to a live claim's conversation",
        description:
          "The claim's own invite, and every one before, is dead once somebody has locked the conversation. The agent makes this one from the conversation as it is now; it is stored nowhere.",
        params: ClaimParams,
        response: { 200: FreshInvite, ...PROBLEMS },
      },
      config: { access: "claim" },
    },
    async (request, reply) => {
      const claimId = parseClaimId(request.params.id);
      if (!claimId) throw new PlatformError("not-found");
      reply.header("cache-control", "no-store");
      const { inviteUrl, inboxId } = await askInvite(gateway, claimId);
      verifyAgentsInvite(inviteUrl, { network: gateway.config.xmtpNetwork, inboxId, now: new Date() });
      return { inviteUrl };
    },
  );
  server.delete(
    "/api/claims/:id",
    {
      schema: {
        operationId: "cancelClaim",
        summary: "Cancel a claim that is not live yet",
        description:
          "A claim that has ended already stays as it is. A live one is ended by exploding its instance.",
        params: ClaimParams,
        response: { 200: ClaimStatus, ...PROBLEMS },
      },
      config: { access: "claim" },
    },
    async (request) => {
      const { id } = await readOrThrow(gateway, request.params.id);
      const { ended, instanceId, reason } = await endClaim(registry, id, { state: "cancelled" });
      const claim = await readOrThrow(gateway, id);
      if (claim.state === "live") {
        throw new PlatformError("conflict", {
          detail: `the claim is live: explode instance ${claim.instanceId ?? ""} instead`,
        });
      }
      if (instanceId) {
        background.run("explode-start", { instance: instanceId }, () =>
          workflows.startExplode(instanceId, reason),
        );
      }
      if (ended) background.run("claim-wake", { claim: id }, () => workflows.wakeClaim(id));
      return claimStatus(claim);
    },
  );
}

async function takeIn(
  { registry, config }: Gateway,
  body: ClaimBody,
  idempotencyKey: string,
): Promise<Intake> {
  const { onEmpty, waitMs: _, ...input } = body;
  const { joinUrl } = input;
  const invite = joinUrl === undefined ? undefined : verifyInvite(joinUrl, config.xmtpNetwork, new Date());
  // A repetition gets the answer of its claim, also when the invite has expired meanwhile.
  if (invite?.isExpired && !(await hasOpenClaim(registry, config.pool, idempotencyKey)))
    throw new PlatformError("invite-expired");
  return intakeClaim(registry, {
    pool: config.pool,
    idempotencyKey,
    input,
    onEmpty: onEmpty === "reject" ? "reject" : "wait",
    inviteIdentity: invite?.identity,
  });
}

/**
 * Aborted when the answer has been sent or the caller is gone, also when that was before. The request's own signal is
 * of no use: the request is over as soon as its body has been read.
 */
function closeOf(response: ServerResponse): AbortSignal {
  const closed = new AbortController();
  if (response.closed) closed.abort();
  else response.once("close", () => closed.abort());
  return closed.signal;
}

async function readOrThrow({ registry }: Gateway, id: string): Promise<ClaimView> {
  const claimId = parseClaimId(id);
  return found(claimId && (await readClaim(registry, claimId)), id);
}

function found(claim: ClaimView | undefined, id: ClaimId | string): ClaimView {
  if (!claim) throw new PlatformError("not-found", { detail: `claim ${id}` });
  return claim;
}
