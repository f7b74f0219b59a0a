import type { DecodedMessage, Group } from "@xmtp/node-sdk";
import { readTag } from "../app-data/text.ts";
import type { ConvosCodec } from "../content-types/codec.ts";
import { joinRequestCodec } from "../content-types/join-request.ts";
import { readContent } from "../content-types/read.ts";
import type { Invite } from "../invite/invite.ts";
import type { CaughtUpRequest } from "../join/catch-up.ts";
import type { InviterDeps } from "../join/inviter.ts";
import { CONSENT } from "../xmtp-values.ts";
import { MemoryJoinLedger } from "./memory-ledger.ts";
import { inviteTo, type Network, openConversation, type Person } from "./network.ts";

/** An inviter with a group and an invite to it, and somebody who is going to use it. */
export interface Scene {
  inviter: Person;
  joiner: Person;
  group: Group<unknown>;
  invite: Invite;
  deps: InviterDeps & { ledger: MemoryJoinLedger };
  admitted: { inboxId: string; firstAdmission: boolean }[];
}

export async function openScene(
  network: Network,
  extra: Parameters<typeof inviteTo>[3] = {},
): Promise<Scene> {
  const [inviter, joiner] = [await network.person(), await network.person()];
  const group = await openConversation(inviter);
  const admitted: Scene["admitted"] = [];
  const deps = {
    client: inviter.client,
    privateKey: inviter.privateKey,
    ledger: new MemoryJoinLedger(),
    onAdmitted: async (inboxId: string, { firstAdmission }: { firstAdmission: boolean }) => {
      admitted.push({ inboxId, firstAdmission });
    },
  };
  return {
    inviter,
    joiner,
    group,
    invite: inviteTo(inviter, group, readTag(group.appData), extra),
    deps,
    admitted,
  };
}

export const isMember = async (group: Group<unknown>, { inboxId }: Person): Promise<boolean> => {
  await group.sync();
  return (await group.members()).some((member) => member.inboxId === inboxId);
};

export async function dmMessages(from: Person, to: Person): Promise<DecodedMessage[]> {
  const dm = from.client.conversations.getDmByInboxId(to.inboxId);
  await dm?.sync();
  return (await dm?.messages()) ?? [];
}

export const contents = <T>(messages: readonly DecodedMessage[], codec: ConvosCodec<T>): T[] =>
  messages.flatMap((message) => readContent(message, codec) ?? []);

export const outcomes = (results: readonly CaughtUpRequest[]): string[] =>
  results.map(({ result }) => (result.outcome === "ignored" ? result.reason : result.outcome));

export const wait = { timeoutMs: 10_000 };

/** The joiner's typed request as it lies in the inviter's DM. */
export async function receivedRequest({ client }: Person, joiner: Person) {
  await client.conversations.syncAll([CONSENT.unknown, CONSENT.allowed]);
  const dm = client.conversations.getDmByInboxId(joiner.inboxId);
  const message = (await dm?.messages())?.find((candidate) => readContent(candidate, joinRequestCodec));
  if (!dm || !message) throw new Error("the request did not arrive");
  return { dm, message };
}
