import { AGENT_MEMBER_KIND, profileUpdateCodec, sendContent } from "../../convos/index.ts";
import type { ClaimRecord } from "../state/claim-record.ts";
import type { Facts } from "../state/facts.ts";
import type { Chat } from "./chat.ts";

/**
 * Makes the agent what its claim calls it: in a conversation of its own the conversation's name, everywhere its
 * profile, marked as an agent's. Done once; repeating it after a crash in between says the same thing.
 */
export async function present(chat: Chat, claim: ClaimRecord, facts: Facts): Promise<void> {
  if (facts.get("presented") !== undefined) return;
  const { agentName, metadata } = claim.content;
  const isOwn = claim.outcome === "created";
  if (isOwn && chat.group.name !== agentName) await chat.group.updateName(agentName);
  const profile = {
    name: agentName,
    memberKind: AGENT_MEMBER_KIND,
    ...(metadata === undefined ? {} : { metadata }),
  };
  await sendContent(chat.group, profileUpdateCodec, profile, { idempotencyKey: `profile/${claim.claimId}` });
  facts.set("presented", "yes");
}
