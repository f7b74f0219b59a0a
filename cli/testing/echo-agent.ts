import { setTimeout as delay } from "node:timers/promises";
import type { DecodedMessage, Group } from "@xmtp/node-sdk";
import { readTag } from "../../agent/convos/app-data/text.ts";
import { explodeSettingsCodec } from "../../agent/convos/content-types/explode-settings.ts";
import { AGENT_MEMBER_KIND } from "../../agent/convos/content-types/profile.ts";
import { profileUpdateCodec } from "../../agent/convos/content-types/profile-update.ts";
import { readContent } from "../../agent/convos/content-types/read.ts";
import { sendContent } from "../../agent/convos/content-types/send.ts";
import { createInvite } from "../../agent/convos/invite/create.ts";
import { catchUpJoinRequests } from "../../agent/convos/join/catch-up.ts";
import { MemoryJoinLedger } from "../../agent/convos/testing/memory-ledger.ts";
import { type Network, openConversation } from "../../agent/convos/testing/network.ts";

const POLL_MS = 50;

export interface EchoAgent {
  readonly inviteUrl: string;
  readonly inboxId: string;
  readonly group: Group<unknown>;
  /** Whether somebody has announced the end of the conversation. */
  hasBeenExploded(): boolean;
  stop(): Promise<void>;
}

/** Lets in who asks, makes the first one super admin, greets, and repeats each text. */
export async function startEchoAgent(network: Network): Promise<EchoAgent> {
  const { client, inboxId, privateKey } = await network.person();
  const group = await openConversation({ client, inboxId, privateKey });
  const introduce = () =>
    sendContent(group, profileUpdateCodec, { name: "Planner", memberKind: AGENT_MEMBER_KIND });
  await introduce();
  const { url: inviteUrl } = createInvite({
    privateKey,
    inboxId,
    groupId: group.id,
    tag: readTag(group.appData),
    env: "local",
  });
  const deps = {
    client,
    privateKey,
    ledger: new MemoryJoinLedger(),
    onAdmitted: async (joiner: string, { firstAdmission }: { firstAdmission: boolean }) => {
      if (firstAdmission) await group.addSuperAdmin(joiner);
      // Who joins cannot read what was said before, and would see the greeting without a name.
      await introduce();
      await group.sendText("Hello, I am Planner.");
    },
  };
  const answered = new Set<string>();
  let isExploded = false;
  let isStopped = false;
  const read = async (message: DecodedMessage): Promise<void> => {
    if (message.senderInboxId === inboxId || answered.has(message.id)) return;
    answered.add(message.id);
    if (readContent(message, explodeSettingsCodec)) isExploded = true;
    else if (typeof message.content === "string") await group.sendText(`You said: ${message.content}`);
  };
  const serve = async (): Promise<void> => {
    await catchUpJoinRequests(deps);
    // The sync that learns of our removal fails; what was said before it is there to be read.
    if (group.isActive) await group.sync();
    for (const message of await group.messages()) await read(message);
  };
  const serving = (async () => {
    while (!isStopped) {
      try {
        await serve();
      } catch (error) {
        if (group.isActive) throw error;
      }
      await delay(POLL_MS);
    }
  })();
  return {
    inviteUrl,
    inboxId,
    group,
    hasBeenExploded: () => isExploded,
    stop: async () => {
      isStopped = true;
      await serving;
    },
  };
}
