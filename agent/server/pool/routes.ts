import type { IncomingMessage, ServerResponse } from "node:http";
import type { Static, TSchema } from "typebox";
import {
  AGENT_PATHS,
  inviteProofParts,
  MAC_HEADER,
  NONCE_HEADER,
  provisionProofParts,
  statusProofParts,
  statusRequestParts,
} from "../../../domain/agent-protocol.ts";
import { LIMITS } from "../../../domain/limits.ts";
import { takeBody } from "../http/json-body.ts";
import { sendEmpty, sendJson } from "../loopback/http.ts";
import type { AgentCore } from "./agent-core.ts";
import { isBearer, macOf, sameSecret } from "./instance-auth.ts";
import { sendProblem } from "./problem.ts";
import { ExplodeBody, InviteBody, NotifyBody, ProvisionBody } from "./schemas.ts";

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);
const NONCE = /^[0-9a-f]{16,64}$/;

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The routes of the platform. Only `health` is open, and `skills` to the agent's own machine; a wrong secret is refused before a body is read. */
export function createPoolRoutes(
  core: AgentCore,
  instanceSecret: string,
): (path: string, method: string) => Handler | undefined {
  const withBearer =
    (handler: Handler): Handler =>
    async (request, response) => {
      if (isBearer(request.headers.authorization, instanceSecret)) return handler(request, response);
      // Closing keeps a body that nobody reads from being taken for the next request.
      response.setHeader("connection", "close");
      sendProblem(response, "unauthorized");
    };
  const withBody =
    <Schema extends TSchema>(
      schema: Schema,
      handler: (body: Static<Schema>, response: ServerResponse) => void | Promise<void>,
    ): Handler =>
    async (request, response) => {
      const body = await takeBody(request, response, schema, LIMITS.requestBodyMaxBytes);
      if (body !== undefined) await handler(body, response);
    };

  const health: Handler = async (_request, response) => {
    const { ready, parts } = core.status();
    sendJson(response, ready ? 200 : 503, { ready, parts });
  };
  const status: Handler = async (request, response) => {
    const nonce = request.headers[NONCE_HEADER];
    const mac = request.headers[MAC_HEADER];
    if (typeof nonce !== "string" || typeof mac !== "string" || !NONCE.test(nonce))
      return sendProblem(response, "unauthorized");
    if (!sameSecret(mac, macOf(instanceSecret, statusRequestParts(nonce))))
      return sendProblem(response, "unauthorized");
    const current = core.status();
    const proof = macOf(instanceSecret, statusProofParts(nonce, current));
    sendJson(response, 200, { ...current, proof });
  };
  const provision = withBody(ProvisionBody, async (body, response) => {
    const outcome = await core.provision(body);
    if (outcome.kind === "refused") return sendProblem(response, outcome.refusal);
    const proof = macOf(instanceSecret, provisionProofParts(body.nonce, outcome.answer));
    sendJson(response, 200, { ...outcome.answer, proof });
  });
  const notify = withBody(NotifyBody, ({ id }, response) =>
    core.notify(id) ? sendEmpty(response, 204) : sendProblem(response, "too-many-notifications"),
  );
  const invite = withBody(InviteBody, async ({ claimId, nonce }, response) => {
    const { claimId: served, instanceId, epoch } = core.status();
    if (served === null) return sendProblem(response, "not-claimed");
    if (served !== claimId) return sendProblem(response, "claimed-by-another");
    const found = core.room();
    const outcome = "room" in found ? await found.room.invite() : found;
    if ("refusal" in outcome) return sendProblem(response, outcome.refusal);
    const answer = { claimId, instanceId, epoch, inviteUrl: outcome.inviteUrl };
    sendJson(response, 200, { ...answer, proof: macOf(instanceSecret, inviteProofParts(nonce, answer)) });
  });
  const skills: Handler = async (request, response) => {
    if (!LOOPBACK.has(request.socket.remoteAddress ?? "")) return sendProblem(response, "not-found");
    sendJson(response, 200, { skills: await core.skills() });
  };
  const explode = withBody(ExplodeBody, ({ reason }, response) => {
    core.explode(reason);
    sendEmpty(response, 202);
  });

  const handlers = new Map<string, Handler>([
    [`GET ${AGENT_PATHS.health}`, health],
    [`GET ${AGENT_PATHS.status}`, status],
    [`GET ${AGENT_PATHS.skills}`, skills],
    [`POST ${AGENT_PATHS.provision}`, withBearer(provision)],
    [`POST ${AGENT_PATHS.notify}`, withBearer(notify)],
    [`POST ${AGENT_PATHS.invite}`, withBearer(invite)],
    [`POST ${AGENT_PATHS.explode}`, withBearer(explode)],
  ]);
  return (path, method) => handlers.get(`${method} ${path}`);
}
