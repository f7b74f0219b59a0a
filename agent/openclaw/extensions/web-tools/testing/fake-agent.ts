import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { qrEncoderFile } from "../../../../server/gateway/paths.ts";
import { loadAssets } from "../src/assets.ts";
import { createHandler } from "../src/handler.ts";

export interface FakeAgent {
  readonly url: string;
  /** What the agent's own API was asked, in order, without the token. */
  readonly calls: { method: string; path: string; body: unknown }[];
  /** Every path that was asked for, the pages' included, with its query. */
  readonly paths: string[];
  /** What a join is answered with; `present` is what the status says from then on. */
  join: { status: "joined" | "pending"; present: boolean } | { refusal: string };
  /** Somebody in the conversation lets a waiting agent in. */
  admit(): void;
  /** The conversation's inviter says no to a waiting agent, for good. */
  refuse(code: string): void;
  /** Answers every request with 502, as a load balancer does while the agent is down. */
  down: boolean;
  /** Back to an agent that serves nobody. */
  reset(): void;
  close(): Promise<void>;
}

interface Claim {
  invite: string | null;
  present: boolean;
  refusal: string | null;
}

/** The pages and, on the same origin, the agent's own API as far as they use it. */
export async function startFakeAgent(token: string, invite: string): Promise<FakeAgent> {
  const pages = createHandler(loadAssets(qrEncoderFile()));
  let claim: Claim | undefined;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = "", url = "" } = request;
    agent.paths.push(url);
    if (agent.down) return send(response, 502, problem("unavailable", "The agent does not answer."));
    if (!url.startsWith("/convos/")) return void pages(request, response);
    if (request.headers.authorization !== `Bearer ${token}`) {
      return send(response, 401, problem("unauthorized", "The request does not prove that it may be made."));
    }
    const body = await bodyOf(request);
    agent.calls.push({ method, path: url, body });
    const [status, content] = api(`${method} ${url}`, body);
    send(response, status, content);
  };

  function api(call: string, body: unknown): [number, object] {
    switch (call) {
      case "GET /convos/status":
        return [
          200,
          {
            ready: true,
            claimed: claim !== undefined,
            joinRefusal: claim?.refusal ?? null,
            memberCount: claim?.present ? 2 : null,
          },
        ];
      case "GET /convos/invite":
        if (claim?.invite) return [200, { inviteUrl: claim.invite }];
        return [409, problem("not-the-inviter", "The agent lets nobody into this conversation.")];
      case "POST /convos/conversation":
        claim = { invite, present: true, refusal: null };
        return [200, { conversationId: "c1", inviteUrl: invite }];
      case "POST /convos/join":
        if (!JSON.stringify(body).includes("https://")) {
          return [422, problem("invite-invalid", "The invite is malformed or its signature is not valid.")];
        }
        if ("refusal" in agent.join) {
          claim = { invite: null, present: false, refusal: agent.join.refusal };
          return [422, problem(agent.join.refusal, "The conversation admits nobody.")];
        }
        claim = { invite: null, present: agent.join.present, refusal: null };
        return [200, { status: agent.join.status, conversationId: "c2" }];
      default:
        return [404, problem("not-found", "There is nothing here.")];
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(new Error(String(error))));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const agent: FakeAgent = {
    url: `http://127.0.0.1:${address.port}`,
    calls: [],
    paths: [],
    join: { status: "joined", present: true },
    down: false,
    admit() {
      if (claim !== undefined) claim.present = true;
    },
    refuse(code) {
      if (claim !== undefined) claim.refusal = code;
    },
    reset() {
      claim = undefined;
      agent.calls.length = 0;
      agent.paths.length = 0;
      agent.join = { status: "joined", present: true };
      agent.down = false;
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return agent;
}

const problem = (code: string, title: string): object => ({
  type: `urn:convos-agent:problem:${code}`,
  code,
  title,
});

function send(response: ServerResponse, status: number, content: object): void {
  const type = status < 400 ? "application/json" : "application/problem+json";
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
  response.end(JSON.stringify(content));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const part of request) text += String(part);
  return text === "" ? undefined : JSON.parse(text);
}
