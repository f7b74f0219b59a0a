import type { IncomingMessage, ServerResponse } from "node:http";
import type { Static, TSchema } from "typebox";
import { LIMITS } from "../../../domain/limits.ts";
import type { Room } from "../conversation/room.ts";
import { takeBody } from "../http/json-body.ts";
import { sendEmpty, sendJson } from "../loopback/http.ts";
import type { AgentCore } from "../pool/agent-core.ts";
import { isBearer } from "../pool/instance-auth.ts";
import { type ProblemCode, sendProblem } from "../pool/problem.ts";
import { claimHere } from "./claim-here.ts";
import { ConversationBody, ExplodeBody, JoinBody, LockBody } from "./schemas.ts";
import { readStatus } from "./status.ts";
import { convosToken } from "./token.ts";
import { createWrongTokenCount } from "./wrong-tokens.ts";

const SMALL_BODY_MAX_BYTES = 1_024;

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;
/** The body of a 200, or why there is none. */
type Result = object | { refusal: ProblemCode };

export interface ConvosRoutesOptions {
  core: AgentCore;
  instanceSecret: string;
  /** The agent has no platform: whoever holds the token may give it a conversation. */
  standalone: boolean;
}

/**
 * The routes by which whoever runs the agent sees and governs its conversation, all behind `convosToken`. They are
 * answered here and never by the model's gateway, which knows neither token nor keys. Nothing that is said in the
 * conversation is told.
 */
export function createConvosRoutes(options: ConvosRoutesOptions): (path: string) => Handler | undefined {
  const { core, standalone } = options;
  const token = convosToken(options.instanceSecret);
  const isOneTooMany = createWrongTokenCount();

  const inRoom = async (use: (room: Room) => Promise<Result>): Promise<Result> => {
    const found = core.room();
    return "room" in found ? use(found.room) : found;
  };
  const routes: Readonly<Record<string, readonly ["GET" | "POST", Handler]>> = {
    "/convos/status": ["GET", reading(() => readStatus(core))],
    "/convos/invite": ["GET", reading(() => inRoom((room) => room.invite()))],
    "/convos/conversation": [
      "POST",
      writing(ConversationBody, LIMITS.requestBodyMaxBytes, async (wishes) => {
        const claimed = await claimHere(core, standalone, wishes);
        if ("refusal" in claimed) return claimed;
        const { conversationId, inviteUrl } = claimed.answer;
        return { conversationId, inviteUrl };
      }),
    ],
    "/convos/join": [
      "POST",
      writing(JoinBody, LIMITS.requestBodyMaxBytes, async (wishes) => {
        const claimed = await claimHere(core, standalone, wishes);
        if ("refusal" in claimed) return claimed;
        const { conversationId, outcome } = claimed.answer;
        return { status: outcome, conversationId };
      }),
    ],
    "/convos/lock": [
      "POST",
      writing(LockBody, SMALL_BODY_MAX_BYTES, ({ locked }) => inRoom((room) => room.setLocked(locked))),
    ],
    "/convos/explode": [
      "POST",
      async (request, response) => {
        const body = await takeBody(request, response, ExplodeBody, SMALL_BODY_MAX_BYTES);
        if (body === undefined) return;
        // Whoever runs the agent ends its part; the conversation stays with its people, who may end it themselves.
        core.explode("operator");
        sendEmpty(response, 202);
      },
    ],
  };

  const refuse = (response: ServerResponse, code: ProblemCode): void => {
    // Closing keeps a body that nobody reads from being taken for the next request.
    response.setHeader("connection", "close");
    sendProblem(response, code);
  };
  const guarded =
    (method: string, handler: Handler): Handler =>
    async (request, response) => {
      response.setHeader("cache-control", "no-store");
      if (!isBearer(request.headers.authorization, token)) {
        if (isOneTooMany()) return refuse(response, "too-many-attempts");
        response.setHeader("www-authenticate", "Bearer");
        return refuse(response, "unauthorized");
      }
      if (request.method === method) return handler(request, response);
      response.setHeader("allow", method);
      refuse(response, "method-not-allowed");
    };
  const guardedRoutes = new Map(
    Object.entries(routes).map(([path, [method, handler]]) => [path, guarded(method, handler)]),
  );
  return (path) => guardedRoutes.get(path);
}

const answer = (response: ServerResponse, result: Result): void =>
  "refusal" in result ? sendProblem(response, result.refusal) : sendJson(response, 200, result);

const reading =
  (read: () => Promise<Result>): Handler =>
  async (_request, response) =>
    answer(response, await read());

const writing =
  <Schema extends TSchema>(
    schema: Schema,
    maxBytes: number,
    write: (body: Static<Schema>) => Promise<Result>,
  ): Handler =>
  async (request, response) => {
    const body = await takeBody(request, response, schema, maxBytes);
    if (body !== undefined) answer(response, await write(body));
  };
