import type { IncomingMessage, ServerResponse } from "node:http";
import {
  AGENT_PATHS,
  MAC_HEADER,
  NONCE_HEADER,
  type ProvisionRefusal,
} from "../../../domain/agent-protocol.ts";
import { HttpProblem, readBody, sendEmpty, sendJson } from "./json-http.ts";
import { explodeRequest, inviteRequest, notifyRequest, provisionRequest } from "./requests.ts";
import type { StandInAgent } from "./stand-in-agent.ts";

const NONCE = /^[0-9a-f]{16,64}$/;

/** Answers one request to an agent; `path` is the path within the agent. Throws HttpProblem for refusals. */
export async function answerForAgent(
  agent: StandInAgent,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  switch (`${request.method} ${path}`) {
    case `GET ${AGENT_PATHS.health}`:
      return sendJson(response, agent.ready ? 200 : 503, {
        ready: agent.ready,
        parts: { standIn: agent.ready },
      });
    case `GET ${AGENT_PATHS.status}`:
      return answerStatus(agent, request, response);
    case `POST ${AGENT_PATHS.provision}`:
      requireBearer(agent, request);
      return answerProvision(agent, request, response);
    case `POST ${AGENT_PATHS.notify}`:
      requireBearer(agent, request);
      await readBody(request, notifyRequest);
      return sendEmpty(response, 204);
    case `POST ${AGENT_PATHS.invite}`: {
      requireBearer(agent, request);
      const answer = agent.invite(await readBody(request, inviteRequest));
      if (typeof answer === "string") throw new HttpProblem(409, answer);
      return sendJson(response, 200, answer);
    }
    case `POST ${AGENT_PATHS.explode}`: {
      requireBearer(agent, request);
      const { reason } = await readBody(request, explodeRequest);
      agent.explode(reason);
      return sendEmpty(response, 202);
    }
    default:
      throw new HttpProblem(404, "route-not-found");
  }
}

function answerStatus(agent: StandInAgent, request: IncomingMessage, response: ServerResponse): void {
  const nonce = request.headers[NONCE_HEADER];
  const mac = request.headers[MAC_HEADER];
  if (typeof nonce !== "string" || !NONCE.test(nonce)) throw new HttpProblem(400, "invalid-request");
  if (typeof mac !== "string" || !agent.isStatusRequest(nonce, mac))
    throw new HttpProblem(401, "unauthorized");
  sendJson(response, 200, agent.status(nonce));
}

async function answerProvision(
  agent: StandInAgent,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = agent.provision(await readBody(request, provisionRequest));
  if (answer === "no-answer") return;
  if (typeof answer === "string") throw new HttpProblem(refusalStatus(answer), answer);
  sendJson(response, 200, answer);
}

const refusalStatus = (refusal: ProvisionRefusal): number =>
  refusal === "claimed-by-another" || refusal === "not-ready" || refusal === "exploding" ? 409 : 422;

function requireBearer(agent: StandInAgent, request: IncomingMessage): void {
  if (!agent.isBearer(request.headers.authorization ?? "")) throw new HttpProblem(401, "unauthorized");
}
