import type { Client, Group } from "@xmtp/node-sdk";
import {
  type InviteJoinError,
  inviteJoinErrorCodec,
  type JoinErrorType,
} from "../content-types/invite-join-error.ts";
import { readContent } from "../content-types/read.ts";
import type { Invite } from "../invite/invite.ts";
import { parseInvite } from "../invite/invite.ts";
import { CONSENT, SORT } from "../xmtp-values.ts";
import { findGroupByTag } from "./find-group.ts";
import { RECENT_MESSAGES, requestedSlug } from "./messages.ts";

export type Admission =
  | { readonly status: "joined"; readonly group: Group<unknown> }
  /** The inviter's answer to our newest request. */
  | { readonly status: "refused"; readonly errorType: JoinErrorType; readonly reason: string | undefined }
  /** `lastError` is what the last look at the network failed with, if it did. */
  | { readonly status: "timeout"; readonly lastError: unknown }
  | { readonly status: "aborted" };

export interface AwaitAdmissionOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const POLL_MS = 2500;
const STREAM_RETRY_MS = 1000;
const STREAM_RETRIES = 1_000_000;

/**
 * Waits until the inviter has added us to the invite's group or has refused. Only a group that carries the invite's
 * tag counts, since anyone can add anyone to a group; its consent becomes Allowed. A stream answers at once, a look
 * every 2.5 s finds what the stream missed. Outages are waited out; nothing throws.
 */
export async function awaitAdmission(
  client: Client<unknown>,
  invite: Invite,
  { timeoutMs, signal }: AwaitAdmissionOptions,
): Promise<Admission> {
  const deadline = Date.now() + timeoutMs;
  const bell = new Bell();
  const ring = (): void => bell.ring();
  signal?.addEventListener("abort", ring);
  const streams = await listen(client, ring);
  let lastError: unknown;
  try {
    for (;;) {
      if (signal?.aborted) return { status: "aborted" };
      try {
        const admission = await look(client, invite);
        if (admission !== undefined) return admission;
        lastError = undefined;
      } catch (error) {
        lastError = error;
      }
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) return { status: "timeout", lastError };
      await bell.wait(Math.min(leftMs, POLL_MS));
    }
  } finally {
    signal?.removeEventListener("abort", ring);
    await Promise.allSettled(streams.map((stream) => stream.end()));
  }
}

async function look(client: Client<unknown>, invite: Invite): Promise<Admission | undefined> {
  await client.conversations.sync();
  const group = await findGroupByTag(client, invite.tag);
  if (group !== undefined) {
    group.updateConsentState(CONSENT.allowed);
    return { status: "joined", group };
  }
  const refusal = await findRefusal(client, invite);
  return refusal && { status: "refused", errorType: refusal.errorType, reason: refusal.reason };
}

/** The inviter's newest error for this tag, unless we have asked again since. */
async function findRefusal(client: Client<unknown>, invite: Invite): Promise<InviteJoinError | undefined> {
  const dm = client.conversations.getDmByInboxId(invite.creatorInboxId);
  if (dm === undefined) return undefined;
  await dm.sync();
  for (const message of await dm.messages({ limit: RECENT_MESSAGES, direction: SORT.descending })) {
    if (message.senderInboxId === invite.creatorInboxId) {
      const error = readContent(message, inviteJoinErrorCodec);
      if (error?.inviteTag === invite.tag) return error;
    } else if (message.senderInboxId === client.inboxId) {
      const request = requestedSlug(message);
      const parsed = request && parseInvite(request.slug);
      if (parsed?.ok && parsed.invite.hash === invite.hash) return undefined;
    }
  }
  return undefined;
}

/** Streams only ring: whatever they miss, or a node that is down just now, is made up for by the next look. */
async function listen(client: Client<unknown>, ring: () => void): Promise<{ end(): Promise<unknown> }[]> {
  const options = { onValue: ring, retryAttempts: STREAM_RETRIES, retryDelay: STREAM_RETRY_MS };
  const started = await Promise.allSettled([
    client.conversations.streamGroups(options),
    client.conversations.streamAllDmMessages({
      ...options,
      consentStates: [CONSENT.unknown, CONSENT.allowed],
    }),
  ]);
  return started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

/** Wakes the one who waits. A ring while nobody waits is kept for the next wait. */
class Bell {
  #rung = Promise.withResolvers<void>();

  ring(): void {
    this.#rung.resolve();
  }

  async wait(timeoutMs: number): Promise<void> {
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, timeoutMs);
    await Promise.race([this.#rung.promise, timeout.promise]);
    clearTimeout(timer);
    this.#rung = Promise.withResolvers<void>();
  }
}
