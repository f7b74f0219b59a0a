import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type ClientOptions, type Group, type Signer } from "@xmtp/node-sdk";
import { toBytes } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { startXmtpNode } from "../../../infra/local/xmtp-node/node.ts";
import { encodeAppData } from "../app-data/text.ts";
import { convosCodecs } from "../content-types/codecs.ts";
import { createInvite } from "../invite/create.ts";
import { type Invite, parseInvite } from "../invite/invite.ts";
import { generateTag } from "../invite/tag.ts";

export interface Person {
  readonly client: Client<unknown>;
  readonly inboxId: string;
  readonly privateKey: Uint8Array;
}

export type Network = Awaited<ReturnType<typeof openNetwork>>;

/** A local XMTP network with people on it. Everything is gone after `close`. */
export async function openNetwork() {
  const folder = await mkdtemp(join(tmpdir(), "convos-"));
  const node = await startXmtpNode();
  const clients: Client<unknown>[] = [];
  return {
    node,
    async person(): Promise<Person> {
      const key = generatePrivateKey();
      const account = privateKeyToAccount(key);
      const signer: Signer = {
        type: "EOA",
        getIdentifier: () => ({ identifier: account.address.toLowerCase(), identifierKind: 0 }),
        signMessage: async (message) => toBytes(await account.signMessage({ message })),
      };
      const options: ClientOptions = {
        env: "local",
        apiUrl: node.url,
        dbPath: join(folder, `${account.address}.db3`),
        disableDeviceSync: true,
        codecs: convosCodecs,
      };
      const client: Client<unknown> = await Client.create(signer, options);
      clients.push(client);
      return { client, inboxId: client.inboxId, privateKey: toBytes(key) };
    },
    async close(): Promise<void> {
      await Promise.all(clients.map((client) => client.close()));
      await node.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A group as an inviter makes it: the tag is in place before anybody can join. */
export async function openConversation({ client }: Person): Promise<Group<unknown>> {
  return client.conversations.createGroup([], {
    groupName: "Trip",
    appData: encodeAppData({ tag: generateTag(), profiles: [] }),
  });
}

export function inviteTo(
  inviter: Person,
  group: Group<unknown>,
  tag: string,
  extra: Partial<Parameters<typeof createInvite>[0]> = {},
): Invite {
  const { privateKey, inboxId } = inviter;
  const { slug } = createInvite({ privateKey, inboxId, groupId: group.id, tag, env: "local", ...extra });
  const parsed = parseInvite(slug);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.invite;
}
