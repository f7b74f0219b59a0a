import { randomBytes } from "node:crypto";
import type { Group } from "@xmtp/node-sdk";
import { encodeAppData, generateTag, readTag } from "../../convos/index.ts";
import { errorName, type Log } from "../log.ts";
import type { IdentityFile } from "../state/identity-file.ts";
import { pause } from "../wake.ts";
import type { XmtpClient } from "./open-client.ts";

const RETRY_MS = 1_000;
const IMAGE_KEY_BYTES = 32;

export class MissingConversationError extends Error {
  override readonly name = "MissingConversationError";
  constructor() {
    super("the conversation that belongs to the stored identity is not in its database");
  }
}

/** Looks a group up in the client's own database. */
export async function groupById(client: XmtpClient, id: string): Promise<Group<unknown> | undefined> {
  const conversation = await client.conversations.getConversationById(id);
  return conversation !== undefined && "listSuperAdmins" in conversation ? conversation : undefined;
}

/**
 * The conversation that the agent owns, made in one step with its invite tag and default name while nobody waits
 * for it. One whose id was not noted before a crash is taken up again. Tried until it works or `signal` aborts.
 */
export async function ensureConversation(
  client: XmtpClient,
  file: IdentityFile,
  defaultName: string,
  log: Log,
  signal: AbortSignal,
): Promise<Group<unknown>> {
  const { conversationId } = file.identities;
  if (conversationId !== null) {
    const group = await groupById(client, conversationId);
    if (group === undefined) throw new MissingConversationError();
    return group;
  }
  for (;;) {
    signal.throwIfAborted();
    try {
      const group = findOwned(client) ?? (await createOwned(client, defaultName));
      file.setConversation(group.id);
      return group;
    } catch (error) {
      log("conversation-create-failed", { error: errorName(error) });
    }
    await pause(RETRY_MS, signal);
  }
}

const findOwned = (client: XmtpClient): Group<unknown> | undefined =>
  client.conversations
    .listGroups()
    .find((group) => group.isActive && group.isSuperAdmin(client.inboxId) && readTag(group.appData) !== "");

const createOwned = (client: XmtpClient, groupName: string): Promise<Group<unknown>> =>
  client.conversations.createGroup([], {
    groupName,
    appData: encodeAppData({
      tag: generateTag(),
      profiles: [],
      imageEncryptionKey: randomBytes(IMAGE_KEY_BYTES),
    }),
  });
