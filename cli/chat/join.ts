import { Group } from "@xmtp/node-sdk";
import { profileUpdateCodec } from "../../agent/convos/content-types/profile-update.ts";
import { sendContent } from "../../agent/convos/content-types/send.ts";
import { inspectInvite } from "../../agent/convos/invite/inspect.ts";
import type { Invite } from "../../agent/convos/invite/invite.ts";
import { awaitAdmission } from "../../agent/convos/join/await-admission.ts";
import { sendJoinRequest } from "../../agent/convos/join/send-join-request.ts";
import { CommandError, EXIT } from "../command.ts";
import type { XmtpNetwork } from "../credentials.ts";
import type { Output } from "../output.ts";
import type { Person } from "./person.ts";

const PROBLEMS = {
  "not-an-invite": "this is no Convos invite, or not a whole one",
  "bad-signature": "nobody has signed this invite",
  "invite-expired": "this invite has expired",
  "conversation-expired": "the conversation of this invite has ended",
  "own-invite": "this is an invite of this very person",
} as const;

const REFUSALS: Readonly<Record<string, string>> = {
  conversation_expired: "the conversation has ended, or the invite was revoked",
  conversation_not_found: "the inviter does not have the conversation any more",
  consent_not_allowed: "the inviter has left the conversation",
};

/** The invite, checked as far as a joiner can. */
export function readInvite(text: string, network: XmtpNetwork): Invite {
  const inspection = inspectInvite(text, { now: new Date(), network });
  if (inspection.outcome === "usable") return inspection.invite;
  if (inspection.outcome === "foreign-network") {
    throw new CommandError(
      `the invite is of the network '${inspection.invite.network}', this is '${network}'`,
      {
        hint: "Set XMTP_ENV to the invite's network.",
        exitCode: EXIT.usage,
      },
    );
  }
  throw new CommandError(PROBLEMS[inspection.outcome], {
    hint: "Put the whole link in quotes; `npm run claim` prints one.",
    exitCode: EXIT.usage,
  });
}

export interface Joined {
  readonly group: Group<unknown>;
  /** False when the person was a member before. */
  readonly isNew: boolean;
}

/** Asks to be admitted and waits for it. */
export async function joinConversation(
  person: Person,
  invite: Invite,
  options: { timeoutMs: number; signal: AbortSignal; output: Output },
): Promise<Joined> {
  const { client, name, rooms } = person;
  const known = await findRoom(person, invite);
  if (known) return { group: known, isNew: false };
  const request = await sendJoinRequest(client, invite, { name });
  if (request.status === "already-joined") {
    await rooms.remember(invite.hash, request.group.id);
    return { group: request.group, isNew: false };
  }
  if (request.status === "unusable") throw new CommandError(PROBLEMS[request.reason]);
  options.output.note("Asked to be let in.");
  const admission = await awaitAdmission(client, invite, options);
  switch (admission.status) {
    case "joined":
      await rooms.remember(invite.hash, admission.group.id);
      await tellName(admission.group, name, options.output);
      return { group: admission.group, isNew: true };
    case "refused":
      throw new CommandError(
        `not let in: ${REFUSALS[admission.errorType] ?? "the conversation may be locked or full"}`,
        { hint: "Ask for a new invite." },
      );
    case "timeout":
      throw new CommandError(`nobody let us in within ${options.timeoutMs / 1000} s`, {
        hint: "Is the agent running? `npm run status` says. Chat again to go on waiting.",
        cause: admission.lastError,
      });
    case "aborted":
      throw new CommandError("stopped before we were let in");
  }
}

async function findRoom({ client, rooms }: Person, invite: Invite): Promise<Group<unknown> | undefined> {
  const id = await rooms.find(invite.hash);
  if (id === undefined) return undefined;
  await client.conversations.sync();
  const group = await client.conversations.getConversationById(id);
  return group instanceof Group && group.isActive ? group : undefined;
}

async function tellName(group: Group<unknown>, name: string, output: Output): Promise<void> {
  try {
    await sendContent(group, profileUpdateCodec, { name });
  } catch {
    // The network is away or we are out again; either shows as soon as anything is said.
    output.note("The others could not be told your name.");
  }
}
