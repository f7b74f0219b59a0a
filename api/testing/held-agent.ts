import { createServer, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { macOf } from "../../activities/agent/proof.ts";
import type { Registry } from "../../activities/registry/registry.ts";
import { storeSecret } from "../../activities/registry/secrets.ts";
import {
  AGENT_PATHS,
  type AgentStatus,
  NONCE_HEADER,
  type ProvisionAnswer,
  type ProvisionRequest,
  provisionProofParts,
  statusProofParts,
} from "../../domain/agent-protocol.ts";
import type { InstanceId } from "../../domain/ids.ts";

const SECRET = "7".repeat(64);

/** An agent that proves itself, and answers a provision only when it is told to. */
export interface HeldAgent extends AsyncDisposable {
  /** How many callers wait for the answer to a provision. */
  held(): number;
  /** Answers those, and from now on at once. */
  answer(): void;
}

/** Makes the instance, which has no process, one whose agent is held. */
export async function startHeldAgent(registry: Registry, instanceId: InstanceId): Promise<HeldAgent> {
  const waiting = new Map<ServerResponse, ProvisionRequest>();
  let isHeld = true;
  const status: AgentStatus = {
    ...{ instanceId, epoch: 1, generation: "test", ready: true, parts: {}, versions: {} },
    ...{ inboxId: null, joinInboxId: null, conversationId: null, claimId: null, exploding: false },
  };
  const provisioned = ({ claimId, nonce }: ProvisionRequest): ProvisionAnswer => {
    const { epoch } = status;
    const conversationId = `conversation-of-${instanceId}`;
    const inviteUrl = `https://local.convos.org/v2?i=${instanceId}`;
    const answer = { claimId, instanceId, epoch, agentName: "Luna", conversationId, inviteUrl };
    const created = { ...answer, outcome: "created" } as const;
    return { ...created, proof: macOf(SECRET, provisionProofParts(nonce, created)) };
  };
  const answer = (): void => {
    isHeld = false;
    for (const [response, body] of waiting) response.end(JSON.stringify(provisioned(body)));
  };
  const server = createServer(async (request, response) => {
    response.setHeader("content-type", "application/json");
    if (request.url === AGENT_PATHS.status) {
      const nonce = String(request.headers[NONCE_HEADER]);
      response.end(JSON.stringify({ ...status, proof: macOf(SECRET, statusProofParts(nonce, status)) }));
      return;
    }
    const body = (await json(request)) as ProvisionRequest;
    response.once("close", () => waiting.delete(response));
    waiting.set(response, body);
    if (!isHeld) answer();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  await storeSecret(registry, registry.db, instanceId, "instance-secret", SECRET);
  await registry.db
    .updateTable("instances")
    .set({ epoch: status.epoch, url: `http://127.0.0.1:${address.port}` })
    .where("id", "=", instanceId)
    .execute();
  return {
    held: () => waiting.size,
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
