import { deliverToAgent } from "../../activities/deliver-to-agent.ts";
import { type ClaimView, endClaim, loadDelivery, readClaim } from "../../activities/registry/claims.ts";
import { type Intake, intakeClaim } from "../../activities/registry/intake.ts";
import { takeNudge } from "../../activities/registry/pools.ts";
import { PlatformError } from "../../domain/errors.ts";
import { type ClaimId, parseClaimId } from "../../domain/ids.ts";
import { LIMITS } from "../../domain/limits.ts";
import { claimStatus, deliveredClaim } from "../claim-view.ts";
import type { Gateway } from "../gateway.ts";
import { verifyInvite } from "../invite.ts";
import { describeError } from "../log.ts";
import {
  AcceptedClaim,
  ClaimBody,
  ClaimHeaders,
  ClaimParams,
  ClaimStatus,
  DeliveredClaim,
  PROBLEMS,
} from "../schemas.ts";
import type { Server } from "../server.ts";

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
      config: { quiet: true },
    },
    async (request, reply) => {
      const intake = await takeIn(gateway, request.body, request.headers["idempotency-key"]);
      const { claimId, created } = intake;
      const waitMs = request.body.waitMs ?? LIMITS.waitDefaultMs;
      const atOnce = created && (await deliverAtOnce(gateway, intake, request.body));
      const answer = answers.wait(claimId, atOnce ? 0 : waitMs, created && !atOnce, request.signal);
      if (created) {
        const start = () =>
          background.run("claim-start", { claim: claimId }, () => workflows.startClaim(claimId));
        // A served claim's workflow only records it, and its instance's successor can wait, until the caller has
        // the answer.
        if (atOnce) reply.raw.once("close", start);
        else start();
        if (intake.instanceId === undefined) nudgePool(gateway);
        else reply.raw.once("close", () => nudgePool(gateway));
      }
      const claim = found(await answer, claimId);
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
    },
    async (request) => claimStatus(await readOrThrow(gateway, request.params.id)),
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
    },
    async (request) => {
      const { id } = await readOrThrow(gateway, request.params.id);
      const { ended } = await endClaim(registry, id, { state: "cancelled" });
      const claim = await readOrThrow(gateway, id);
      if (claim.state === "live") {
        throw new PlatformError("conflict", {
          detail: `the claim is live: explode instance ${claim.instanceId ?? ""} instead`,
        });
      }
      if (ended) background.run("claim-wake", { claim: id }, () => workflows.wakeClaim(id));
      return claimStatus(claim);
    },
  );
}

/**
 * Serves a claim that has an agent within the request, without a hop over Temporal. Whatever does not work at the
 * first try is left to the claim's workflow. A join waits for people, so it is left to it from the start.
 */
async function deliverAtOnce(
  { registry, agents, log }: Gateway,
  intake: Intake,
  body: ClaimBody,
): Promise<boolean> {
  if (intake.instanceId === undefined || body.joinUrl !== undefined) return false;
  try {
    const delivery = await loadDelivery(registry, intake.claimId);
    return (
      delivery?.state === "bound" &&
      (await deliverToAgent({ registry, agents }, intake.claimId, delivery)) === "live"
    );
  } catch (error) {
    log("claim-not-at-once", { claim: intake.claimId, ...describeError(error) });
    return false;
  }
}

function takeIn({ registry, config }: Gateway, body: ClaimBody, idempotencyKey: string): Promise<Intake> {
  const { onEmpty, waitMs: _, ...input } = body;
  const { joinUrl } = input;
  return intakeClaim(registry, {
    pool: config.pool,
    idempotencyKey,
    input,
    onEmpty: onEmpty === "reject" ? "reject" : "wait",
    inviteIdentity: joinUrl === undefined ? undefined : verifyInvite(joinUrl, config.xmtpNetwork, new Date()),
  });
}

function nudgePool({ background, registry, workflows, config: { pool } }: Gateway): void {
  background.run("pool-wake", { pool }, async () => {
    if (await takeNudge(registry, pool)) await workflows.wakePool(pool);
  });
}

async function readOrThrow({ registry }: Gateway, id: string): Promise<ClaimView> {
  const claimId = parseClaimId(id);
  return found(claimId && (await readClaim(registry, claimId)), id);
}

function found(claim: ClaimView | undefined, id: ClaimId | string): ClaimView {
  if (!claim) throw new PlatformError("not-found", { detail: `claim ${id}` });
  return claim;
}
