import type { Group } from "@xmtp/node-sdk";
import type { ProvisionRequest } from "../../../domain/agent-protocol.ts";
import { createInvite, MAX_CONVERSATION_NAME_CHARS, readTag } from "../../convos/index.ts";
import type { AgentConfig } from "../config.ts";
import { checkInvite } from "../conversation/join-by-invite.ts";
import type { ClaimRecord, ClaimStore } from "../state/claim-record.ts";
import type { XmtpClient } from "../xmtp/open-client.ts";
import type { ProvisionOutcome } from "./agent-core.ts";

/**
 * How long a claim by invite waits for the inviter before it is answered `pending`. Shorter than the platform waits
 * for the answer (7 s), which would else be a time-out that says nothing.
 */
const JOIN_WAIT_MS = 5_000;

export interface ProvisionParts {
  main: Pick<XmtpClient, "inboxId">;
  join: Pick<XmtpClient, "inboxId">;
  privateKey: string;
  /** The conversation that was made while idle. */
  group: Pick<Group, "id" | "appData">;
}

export interface ProvisionOptions {
  config: Pick<AgentConfig, "instanceId" | "epoch" | "xmtpEnv" | "defaultAgentName">;
  claim: ClaimStore;
  exploding(): boolean;
  /** Undefined while some part is not ready. */
  parts(): ProvisionParts | undefined;
  instruct(instructions: string): Promise<void>;
  /** Begins to serve what has just been stored. Must not wait for the network. */
  serve(claim: ClaimRecord): void;
  /** Resolves when a pending join has been settled, or after the time. */
  joinSettled(timeoutMs: number): Promise<void>;
}

/** Signs an invite that nobody gets, so that the first claim does not pay for what the first signature loads. */
export function warmUpInvites(parts: ProvisionParts, config: ProvisionOptions["config"]): void {
  inviteOf(parts, config, config.defaultAgentName, undefined);
}

/** Gives the agent to a claim, once in its life; the same claim again gets the same answer, with its own proof. */
export function createProvision(
  options: ProvisionOptions,
): (request: ProvisionRequest) => Promise<ProvisionOutcome> {
  const { config, claim } = options;

  return async (request) => {
    if (options.exploding()) return { kind: "refused", refusal: "exploding" };
    const existing = claim.read();
    if (existing !== undefined && existing.claimId !== request.claimId)
      return { kind: "refused", refusal: "claimed-by-another" };
    if (existing === undefined) {
      const parts = options.parts();
      if (parts === undefined) return { kind: "refused", refusal: "not-ready" };
      const record = recordOf(request, parts, config);
      if ("kind" in record) return record;
      claim.insert(record);
      try {
        await options.instruct(record.content.instructions);
      } finally {
        // A claim that is stored is served, whatever became of the instructions, which come with each turn as well.
        // What serving does to the conversation must not compete with the answer.
        setImmediate(() => options.serve(record));
      }
    }
    if (claim.read()?.outcome === "pending") await options.joinSettled(JOIN_WAIT_MS);
    const served = claim.read();
    if (served === undefined) throw new Error("the claim that was stored is gone");
    return answer(served, config);
  };
}

function recordOf(
  request: ProvisionRequest,
  parts: ProvisionParts,
  config: ProvisionOptions["config"],
): ClaimRecord | ProvisionOutcome {
  const { claimId, instructions, name, joinUrl, profileImage, agentUrl, metadata, attestation } = request;
  const speaking = joinUrl === undefined ? parts.main : parts.join;
  const agentName = shownName(name ?? "") || config.defaultAgentName;
  const content = {
    instructions,
    agentName,
    ...(joinUrl === undefined ? {} : { joinUrl }),
    ...(profileImage === undefined ? {} : { profileImage }),
    ...(agentUrl === undefined ? {} : { agentUrl }),
    ...(metadata === undefined ? {} : { metadata: { ...metadata } }),
    // One of another inbox would only make the agent look like an impostor.
    ...(attestation?.inboxId === speaking.inboxId ? { attestation } : {}),
  };
  if (joinUrl !== undefined) {
    const checked = checkInvite(joinUrl, config.xmtpEnv, parts.join.inboxId);
    if ("refusal" in checked) return { kind: "refused", refusal: checked.refusal };
    return { claimId, content, outcome: "pending", conversationId: null, inviteUrl: null };
  }
  const url = inviteOf(parts, config, agentName, profileImage);
  return { claimId, content, outcome: "created", conversationId: parts.group.id, inviteUrl: url };
}

function inviteOf(
  { main, group, privateKey }: ProvisionParts,
  { xmtpEnv: env }: Pick<AgentConfig, "xmtpEnv">,
  name: string,
  imageUrl: string | undefined,
): string {
  const { inboxId } = main;
  const tag = readTag(group.appData);
  return createInvite({ privateKey, inboxId, groupId: group.id, tag, env, name, imageUrl }).url;
}

/** What an invite can carry: white space around it and characters beyond the limit are not part of a name. */
const shownName = (name: string): string => [...name.trim()].slice(0, MAX_CONVERSATION_NAME_CHARS).join("");

function answer(record: ClaimRecord, config: ProvisionOptions["config"]): ProvisionOutcome {
  const { claimId, conversationId, inviteUrl, outcome } = record;
  if (outcome !== "created" && outcome !== "joined" && outcome !== "pending")
    return { kind: "refused", refusal: outcome };
  const { instanceId, epoch } = config;
  const { agentName } = record.content;
  return {
    kind: "answer",
    answer: { claimId, instanceId, epoch, outcome, agentName, conversationId, inviteUrl },
  };
}
