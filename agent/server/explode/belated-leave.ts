import { existsSync } from "node:fs";
import { takeSteps } from "../../convos/index.ts";
import type { AgentConfig } from "../config.ts";
import { leaveConversation } from "../conversation/leave.ts";
import { errorName, type Log } from "../log.ts";
import { type AgentState, openAgentState } from "../state/agent-state.ts";
import { openDatabase, StateLockedError } from "../state/database.ts";
import type { StatePaths } from "../state/paths.ts";
import type { Tombstone } from "../state/tombstone.ts";
import { openIdentities } from "../xmtp/identities.ts";
import { groupById } from "../xmtp/own-conversation.ts";

const OPEN_TIMEOUT_MS = 10_000;
const TIMEOUT_MS = 40_000;

export interface BelatedLeaveOptions {
  config: AgentConfig;
  paths: StatePaths;
  stateKey: string;
  log: Log;
}

export type BelatedLeave = (reason: Tombstone["reason"]) => Promise<void>;

/**
 * For a start that finds a tombstone: takes the state folder and returns what leaves the conversation, if the state
 * that a crash has left behind still opens. Throws StateLockedError when another process is about to end it.
 */
export function prepareBelatedLeave(options: BelatedLeaveOptions): BelatedLeave {
  const { config, paths, stateKey, log } = options;
  const nothing: BelatedLeave = async () => undefined;
  if (!existsSync(paths.identity) || !existsSync(paths.database)) return nothing;
  try {
    const database = openDatabase(paths.database);
    return async (reason) => {
      const leave = async (): Promise<void> => {
        const state = openAgentState(database, paths, stateKey, config.epoch);
        await leaveNow(reason, state, options);
      };
      try {
        for (const { error } of await takeSteps(TIMEOUT_MS, [["leave", leave]])) throw error;
      } finally {
        database.close();
      }
    };
  } catch (error) {
    if (error instanceof StateLockedError) throw error;
    log("belated-leave-skipped", { error: errorName(error) });
    return nothing;
  }
}

async function leaveNow(
  reason: Tombstone["reason"],
  state: AgentState,
  { config, paths, log }: BelatedLeaveOptions,
): Promise<void> {
  const claim = state.claim.read();
  if (claim === undefined || claim.conversationId === null) return;
  const identities = await openIdentities(config, paths, state, log, AbortSignal.timeout(OPEN_TIMEOUT_MS));
  try {
    const client = claim.outcome === "joined" ? identities.join : identities.main;
    const group = await groupById(client, claim.conversationId);
    const ownerInboxId = state.facts.get("owner");
    const chat = group === undefined ? undefined : { client, group };
    if (chat !== undefined) await leaveConversation({ chat, reason, initiatedByUs: true, ownerInboxId, log });
  } finally {
    await Promise.all([identities.main.close(), identities.join.close()]);
  }
}
