import type { DecodedMessage, Dm } from "@xmtp/node-sdk";
import { CONSENT, SORT } from "../xmtp-values.ts";
import { handleJoinRequest } from "./handle.ts";
import type { InviterDeps, JoinOutcome } from "./inviter.ts";
import { RECENT_MESSAGES, requestedSlug } from "./messages.ts";

export interface CaughtUpRequest {
  readonly messageId: string;
  readonly senderInboxId: string;
  /** `error` when the request could not be judged now and stays open. */
  readonly result: JoinOutcome | { readonly outcome: "error"; readonly error: unknown };
}

/** Joiners ask again after a day; an older request is not worth a surprise. */
const DEFAULT_MAX_AGE_MS = 24 * 60 * 60 * 1000;

/**
 * Handles what a stream has missed: the join requests among the newest 100 messages of every DM with consent Unknown or
 * Allowed, oldest first. Call it at start and after every restart of the stream. Rejects when the network is down.
 */
export async function catchUpJoinRequests(
  deps: InviterDeps,
  { maxAgeMs = DEFAULT_MAX_AGE_MS }: { readonly maxAgeMs?: number } = {},
): Promise<readonly CaughtUpRequest[]> {
  const consentStates = [CONSENT.unknown, CONSENT.allowed];
  await deps.client.conversations.syncAll(consentStates);
  const notBefore = (deps.now?.() ?? new Date()).getTime() - maxAgeMs;
  const open: { dm: Dm<unknown>; message: DecodedMessage }[] = [];
  for (const dm of deps.client.conversations.listDms({ consentStates })) {
    for (const message of await dm.messages({ limit: RECENT_MESSAGES, direction: SORT.descending })) {
      const isRequest = message.senderInboxId !== deps.client.inboxId && requestedSlug(message) !== undefined;
      if (isRequest && message.sentAt.getTime() >= notBefore) open.push({ dm, message });
    }
  }
  open.sort((a, b) => a.message.sentAt.getTime() - b.message.sentAt.getTime());
  const results: CaughtUpRequest[] = [];
  for (const { dm, message } of open) {
    const { id: messageId, senderInboxId } = message;
    try {
      results.push({ messageId, senderInboxId, result: await handleJoinRequest(deps, dm, message) });
    } catch (error) {
      results.push({ messageId, senderInboxId, result: { outcome: "error", error } });
    }
  }
  return results;
}
