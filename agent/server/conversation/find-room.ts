import type { AgentConfig } from "../config.ts";
import type { Log } from "../log.ts";
import type { AgentState } from "../state/agent-state.ts";
import type { XmtpClient } from "../xmtp/open-client.ts";
import type { Chat } from "./chat.ts";
import { createRoom, type RoomLookup } from "./room.ts";

export interface FindRoomOptions {
  state: Pick<AgentState, "claim" | "facts" | "identity">;
  config: Pick<AgentConfig, "xmtpEnv">;
  /** The conversation once it is served. */
  chat: Chat | undefined;
  /** The identity whose conversation is the agent's own. */
  main: XmtpClient | undefined;
  isEnding: boolean;
  log: Log;
}

/** The claim's conversation as it is now. */
export function findRoom({ state, config, chat, main, isEnding, log }: FindRoomOptions): RoomLookup {
  if (isEnding) return { refusal: "exploding" };
  const claim = state.claim.read();
  if (claim === undefined) return { refusal: "not-claimed" };
  if (chat === undefined) return { refusal: "not-ready" };
  const expiresAt = state.facts.get("expires-at-ms");
  return {
    room: createRoom({
      chat,
      isOwn: chat.client === main,
      privateKey: state.identity.identities.main.privateKey,
      env: config.xmtpEnv,
      agentName: claim.content.agentName,
      profileImage: claim.content.profileImage,
      expiresAt: expiresAt === undefined ? undefined : new Date(Number(expiresAt)),
      facts: state.facts,
      log,
    }),
  };
}
