import type { Client, Group } from "@xmtp/node-sdk";
import { readTag } from "../app-data/text.ts";
import { CONSENT } from "../xmtp-values.ts";

/**
 * The group that carries the tag and of which we are a member now. New groups come with `conversations.sync()`, which
 * is the caller's part; the group found is synced here, since we may have been removed from it meanwhile.
 * A group we were added to by a stranger has consent Unknown; a denied one was left behind and does not count.
 */
export async function findGroupByTag(
  client: Client<unknown>,
  tag: string,
): Promise<Group<unknown> | undefined> {
  if (tag === "") return undefined;
  const groups = client.conversations.listGroups({ consentStates: [CONSENT.unknown, CONSENT.allowed] });
  for (const group of groups) {
    if (group.isActive && readTag(group.appData) === tag && (await isStillMember(group))) return group;
  }
  return undefined;
}

async function isStillMember(group: Group<unknown>): Promise<boolean> {
  try {
    await group.sync();
  } catch (error) {
    // The very sync that learns of our removal may fail; any other failure is the caller's.
    if (group.isActive) throw error;
  }
  return group.isActive;
}
