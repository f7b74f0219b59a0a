import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import {
  type AgentStatus,
  inviteProofParts,
  provisionProofParts,
  statusProofParts,
} from "../../domain/agent-protocol.ts";
import { PlatformError } from "../../domain/errors.ts";
import { AgentClient, type AgentTarget } from "./agent-client.ts";
import { macOf } from "./proof.ts";

const SECRET = "5ec2e7".padEnd(64, "0");
const REQUEST = { claimId: "c".repeat(20), instructions: "moon" };
const client = new AgentClient({ timeoutsMs: { status: 300, provision: 300, invite: 300 } });

const honest: AgentStatus = {
  instanceId: "aaaaaaaaaaaa",
  epoch: 3,
  generation: "test",
  ready: true,
  parts: {},
  inboxId: "inbox",
  joinInboxId: "join",
  conversationId: "conversation",
  claimId: null,
  exploding: false,
  versions: {},
};
const signed = (request: IncomingMessage, status = honest): string => {
  const nonce = String(request.headers["x-pool-nonce"]);
  return JSON.stringify({ ...status, proof: macOf(SECRET, statusProofParts(nonce, status)) });
};

interface Seen {
  requests: number;
  /** Everything that arrived, headers and bodies. */
  text: string;
}
type Behave = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Whatever listens on the port where the agent was. */
async function listening(behave: Behave): Promise<{ target: AgentTarget; seen: Seen }> {
  const seen: Seen = { requests: 0, text: "" };
  const server = createServer(async (request, response) => {
    seen.requests += 1;
    const body = await text(request);
    seen.text += request.rawHeaders.join("\n") + body;
    behave(request, response, body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on TCP");
  const url = `http://127.0.0.1:${address.port}`;
  return { target: { url, instanceId: "aaaaaaaaaaaa", epoch: 3, instanceSecret: SECRET }, seen };
}

async function failure(call: Promise<unknown>): Promise<PlatformError> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PlatformError)) throw new Error("no PlatformError", { cause: error });
  expect(`${error.stack} ${JSON.stringify(error)}`).not.toMatch(/5ec2e7|moon/);
  return error;
}

let replayed = "";
const strangers: [string, Behave, string][] = [
  ["answers 404", (_, response) => response.writeHead(404).end(), "agent-unproven"],
  ["is a web page", (_, response) => response.end("<html>hello</html>"), "agent-unproven"],
  ["answers 401", (_, response) => response.writeHead(401).end("{}"), "agent-unproven"],
  ["redirects", (_, response) => response.writeHead(302, { location: "/x" }).end(), "agent-unproven"],
  ["echoes no proof", (_, response) => response.end(JSON.stringify(honest)), "agent-unproven"],
  ["fails", (_, response) => response.writeHead(503).end("{}"), "agent-unreachable"],
  ["breaks off", (request) => request.socket.destroy(), "agent-unreachable"],
  ["never answers", () => undefined, "agent-unreachable"],
  ["stops in the middle", (_, response) => response.writeHead(200).write("{"), "agent-unreachable"],
  ["answers without end", (_, response) => response.end("x".repeat(1024 * 1024)), "agent-unreachable"],
  [
    "signs another status than it tells",
    (request, response) => response.end(signed(request).replace('"ready":true', '"ready":false')),
    "agent-unproven",
  ],
  [
    // It would be signed as an agent's.
    "tells another inbox that joins than it signs",
    (request, response) => response.end(signed(request).replace('"join"', '"mine"')),
    "agent-unproven",
  ],
  [
    "replays an earlier answer",
    (request, response) => {
      replayed ||= signed(request);
      response.end(replayed);
    },
    "agent-unproven",
  ],
  [
    "is of an earlier epoch",
    (request, response) => response.end(signed(request, { ...honest, epoch: 2 })),
    "agent-unproven",
  ],
];

test.each(strangers)("what %s gets neither the secret nor a word", async (title, behave, code) => {
  const { target, seen } = await listening(behave);
  if (title === "replays an earlier answer") await client.status(target);
  const calls = [
    () => client.provision(target, REQUEST),
    () => client.invite(target, REQUEST.claimId),
    () => client.explode(target, "operator"),
    () => client.notify(target, "moon"),
  ];
  for (const call of calls) expect((await failure(call())).code).toBe(code);
  expect(seen.requests).toBeGreaterThanOrEqual(3);
  expect(seen.text).not.toMatch(/5ec2e7|moon|authorization/i);
});

test("nothing listens there, or there is no such place", async () => {
  const { target } = await listening(() => undefined);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  expect((await failure(client.provision(target, REQUEST))).code).toBe("agent-unreachable");
  expect((await failure(client.status({ ...target, url: "nowhere" }))).code).toBe("agent-unreachable");
});

test("when the proved connection closes, the request does not go to whoever has the port now", async () => {
  const { target, seen } = await listening((request, response) => {
    response.setHeader("connection", "close");
    response.end(signed(request));
  });
  const error = await failure(client.provision(target, REQUEST));
  expect(error).toMatchObject({ code: "agent-unreachable", detail: "connection was closed" });
  expect(seen.requests).toBe(1);
  expect(seen.text).not.toMatch(/5ec2e7|moon/);
});

const answer = { claimId: REQUEST.claimId, instanceId: honest.instanceId, epoch: 3 };
const provisioned = (body: string, change: Record<string, unknown>, secret = SECRET): string => {
  const { nonce }: { nonce?: unknown } = JSON.parse(body);
  const created = {
    ...answer,
    outcome: "created" as const,
    agentName: "A",
    conversationId: "c",
    inviteUrl: "u",
  };
  const changed = { ...created, ...change };
  return JSON.stringify({ ...changed, proof: macOf(secret, provisionProofParts(String(nonce), changed)) });
};
const after: [string, Behave, string][] = [
  ["never answers", () => undefined, "ambiguous"],
  ["breaks off", (request) => request.socket.destroy(), "ambiguous"],
  ["fails", (_, response) => response.writeHead(500).end("{}"), "ambiguous"],
  ["answers no answer", (_, response) => response.end("{}"), "ambiguous"],
  ["redirects", (_, response) => response.writeHead(302).end(), "ambiguous"],
  ["answers without end", (_, response) => response.end("x".repeat(1024 * 1024)), "ambiguous"],
  ["refuses without a word", (_, response) => response.writeHead(403).end(), "agent-refused"],
  [
    "refuses with a code of its own",
    (_, response) => response.writeHead(400).end('{"code":"moon","detail":"5ec2e7"}'),
    "agent-refused",
  ],
  [
    "signs with another secret",
    (_, response, body) => response.end(provisioned(body, {}, "f".repeat(64))),
    "agent-unproven",
  ],
  [
    "serves another claim",
    (_, response, body) => response.end(provisioned(body, { claimId: "d".repeat(20) })),
    "agent-unproven",
  ],
  [
    "is another epoch now",
    (_, response, body) => response.end(provisioned(body, { epoch: 4 })),
    "agent-unproven",
  ],
];

test.each(after)("a proved agent that then %s", async (_title, behave, code) => {
  const { target, seen } = await listening((request, response, body) => {
    if (request.method === "GET") response.end(signed(request));
    else behave(request, response, body);
  });
  expect((await failure(client.provision(target, REQUEST))).code).toBe(code);
  expect(seen.requests).toBe(2);
});

test.each([
  ["a picture", { profileImage: "https://images.example/a.png" }, true],
  ["no picture", {}, false],
])("a claim with %s tells the agent where it is: %s", async (_with, more, isTold) => {
  const bodies: Record<string, unknown>[] = [];
  const { target } = await listening((request, response, body) => {
    if (request.method === "GET") return response.end(signed(request));
    bodies.push(JSON.parse(body));
    return response.end(provisioned(body, {}));
  });
  await client.provision(target, { ...REQUEST, ...more });
  expect(bodies.map(({ agentUrl }) => agentUrl)).toEqual([isTold ? target.url : undefined]);
});

const invited = (body: string, change: Record<string, unknown> = {}, secret = SECRET): string => {
  const { nonce }: { nonce?: unknown } = JSON.parse(body);
  const changed = { ...answer, inviteUrl: "u", ...change };
  return JSON.stringify({ ...changed, proof: macOf(secret, inviteProofParts(String(nonce), changed)) });
};
const inviting: [string, (body: string) => string, string][] = [
  ["signed with another secret", (body) => invited(body, {}, "f".repeat(64)), "agent-unproven"],
  ["of another claim", (body) => invited(body, { claimId: "d".repeat(20) }), "agent-unproven"],
  ["of another epoch", (body) => invited(body, { epoch: 4 }), "agent-unproven"],
  ["none", (body) => invited(body, { inviteUrl: "" }), "ambiguous"],
  ["the answer to a provision", (body) => provisioned(body, {}), "agent-unproven"],
];

test.each(inviting)("an invite that is %s is not taken", async (_title, reply, code) => {
  const { target } = await listening((request, response, body) => {
    response.end(request.method === "GET" ? signed(request) : reply(body));
  });
  expect((await failure(client.invite(target, REQUEST.claimId))).code).toBe(code);
});

test("a proved invite is taken; a refusal is known by its code", async () => {
  const { target } = await listening((request, response, body) => {
    response.end(request.method === "GET" ? signed(request) : invited(body));
  });
  expect(await client.invite(target, REQUEST.claimId)).toBe("u");
  const locked = await listening((request, response) => {
    if (request.method === "GET") response.end(signed(request));
    else response.writeHead(422).end('{"code":"conversation-locked"}');
  });
  const error = await failure(client.invite(locked.target, REQUEST.claimId));
  expect(error.code).toBe("conversation-locked");
});

test.each([
  ["the conversation's", {}, "inbox"],
  ["the one that joins", { joinUrl: "https://x.invalid/v2?i=abc" }, "join"],
])("what is attested is the inbox that will speak: %s", async (_title, more, inboxId) => {
  const bodies: unknown[] = [];
  const { target } = await listening((request, response, body) => {
    if (request.method === "POST") bodies.push(JSON.parse(body));
    response.end(request.method === "GET" ? signed(request) : provisioned(body, {}));
  });
  const attest = (attested: string) =>
    attested === inboxId
      ? { inboxId, signature: "s", timestamp: "2026-11-23T00:00:00Z", keyId: "key" }
      : undefined;
  const known = { ...target, inboxes: { inboxId: "inbox", joinInboxId: "join" } };
  await new AgentClient({ attest }).provision(known, { ...REQUEST, ...more });
  expect(bodies).toMatchObject([{ attestation: { inboxId } }]);
  await client.provision(known, { ...REQUEST, ...more });
  await new AgentClient({ attest }).provision(target, { ...REQUEST, ...more });
  for (const body of bodies.slice(1)) expect(body).not.toHaveProperty("attestation");
  expect(bodies).toHaveLength(3);
});

test.each([
  ["of its conversation", {}, { inboxId: "another", joinInboxId: "join" }],
  ["that joins", { joinUrl: "https://x.invalid/v2?i=abc" }, { inboxId: "inbox", joinInboxId: "another" }],
])(
  "an agent that has changed its inbox %s gets no claim, and nothing signed",
  async (_which, more, inboxes) => {
    const { target, seen } = await listening((request, response) => response.end(signed(request)));
    const attested: string[] = [];
    const attest = (inboxId: string): undefined => void attested.push(inboxId);
    const provision = new AgentClient({ attest }).provision({ ...target, inboxes }, { ...REQUEST, ...more });
    expect((await failure(provision)).code).toBe("agent-unproven");
    expect([attested, seen.requests]).toEqual([[], 1]);
  },
);

test("a proved answer is taken, with fields that are not known here", async () => {
  const { target } = await listening((request, response, body) => {
    response.end(request.method === "GET" ? signed(request) : provisioned(body, { later: true }));
  });
  expect(await client.provision(target, REQUEST)).toMatchObject({ claimId: REQUEST.claimId, epoch: 3 });
});
