import type { ServerResponse } from "node:http";
import type { InviteRefusal, ProvisionRefusal } from "../../../domain/agent-protocol.ts";

export type ProblemCode =
  | ProvisionRefusal
  | InviteRefusal
  | "already-claimed"
  | "claimed-through-the-platform"
  | "not-a-super-admin"
  | "network-unavailable"
  | "unauthorized"
  | "invalid-request"
  | "body-too-large"
  | "not-found"
  | "method-not-allowed"
  | "too-many-attempts"
  | "too-many-notifications"
  | "busy"
  | "internal";

interface ProblemKind {
  status: number;
  title: string;
}

const PROBLEMS: Readonly<Record<ProblemCode, ProblemKind>> = {
  "claimed-by-another": { status: 409, title: "The agent serves another claim." },
  "invite-invalid": { status: 422, title: "The invite is malformed or its signature is not valid." },
  "invite-expired": { status: 422, title: "The invite has expired." },
  "invite-foreign-network": { status: 422, title: "The invite belongs to another XMTP network." },
  "invite-revoked": { status: 422, title: "The invite has been revoked." },
  "conversation-full": { status: 422, title: "The conversation has no room." },
  "conversation-locked": { status: 422, title: "The conversation admits nobody." },
  "not-ready": { status: 409, title: "The agent is not ready yet." },
  exploding: { status: 409, title: "The agent is ending." },
  "not-claimed": { status: 409, title: "The agent serves nobody yet." },
  "already-claimed": { status: 409, title: "The agent serves a claim, and serves one only in its life." },
  "claimed-through-the-platform": { status: 409, title: "This agent is given to claims by its platform." },
  "not-the-inviter": { status: 409, title: "The agent lets nobody into this conversation." },
  "not-a-super-admin": { status: 409, title: "The agent is no super admin of the conversation." },
  "network-unavailable": { status: 503, title: "The XMTP network does not answer or did not take it." },
  unauthorized: { status: 401, title: "The request does not prove that it may be made." },
  "invalid-request": { status: 400, title: "The request is not what this route takes." },
  "body-too-large": { status: 413, title: "The request body is too large." },
  "too-many-notifications": { status: 429, title: "Too many notifications wait to be fetched." },
  busy: { status: 503, title: "Too many are served at once." },
  "too-many-attempts": { status: 429, title: "Too many requests with a wrong token." },
  "method-not-allowed": { status: 405, title: "The route does not take this method." },
  "not-found": { status: 404, title: "There is nothing here." },
  internal: { status: 500, title: "The agent failed." },
};

const problemStatus = (code: ProblemCode): number => PROBLEMS[code].status;

/** An RFC 9457 problem document; says nothing of what was sent. */
const problemBody = (code: ProblemCode): Record<string, string | number> => ({
  type: `urn:convos-agent:problem:${code}`,
  code,
  ...PROBLEMS[code],
});

export function sendProblem(response: ServerResponse, code: ProblemCode): void {
  response.writeHead(problemStatus(code), { "content-type": "application/problem+json" });
  response.end(JSON.stringify(problemBody(code)));
}
