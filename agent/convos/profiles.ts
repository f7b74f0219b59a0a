import type { DecodedMessage, Group } from "@xmtp/node-sdk";
import { decodeAppData } from "./app-data/text.ts";
import { AGENT_MEMBER_KIND, type Profile, type ProfileMetadata } from "./content-types/profile.ts";
import { type MemberProfile, profileSnapshotCodec } from "./content-types/profile-snapshot.ts";
import { profileUpdateCodec } from "./content-types/profile-update.ts";
import { readContent } from "./content-types/read.ts";
import { sendContent } from "./content-types/send.ts";
import { type EncryptedImageRef, isUsableImageRef } from "./encrypted-image.ts";
import { SORT } from "./xmtp-values.ts";

type ProfileGroup = Pick<Group, "messages" | "appData">;

const MAX_SCANNED_MESSAGES = 500;
/** Keys that an update with an empty metadata map takes away. */
const CLEARABLE_METADATA = ["connections", "timezone"];

/**
 * What is known of the members, by inbox id: a member's own updates, then snapshots that name it, then the group's
 * appData; newer before older. A blank name or a missing image never clears one. Looks at the newest 500 messages.
 */
export async function resolveProfiles(group: ProfileGroup): Promise<Map<string, Profile>> {
  const messages = await group.messages({ limit: MAX_SCANNED_MESSAGES, direction: SORT.descending });
  const profiles = new Map<string, Profile>();
  const fill = (inboxId: string, older: Profile): void => {
    profiles.set(inboxId, merge(profiles.get(inboxId), older));
  };
  for (const message of messages) fillFromUpdate(message, fill);
  for (const message of messages) {
    for (const { inboxId, ...profile } of readContent(message, profileSnapshotCodec)?.profiles ?? []) {
      fill(inboxId, profile);
    }
  }
  for (const { inboxId, name, encryptedImage } of decodeAppData(group.appData)?.profiles ?? []) {
    fill(inboxId, { name, encryptedImage });
  }
  return profiles;
}

export interface PersonInGroup {
  readonly inboxId: string;
  /** Undefined when nothing is known of the member, which may then still turn out to be an agent. */
  readonly profile: Profile | undefined;
}

/** The members who do not call themselves agents. */
export async function personsOf(
  group: ProfileGroup & Pick<Group, "members">,
): Promise<readonly PersonInGroup[]> {
  const [profiles, members] = await Promise.all([resolveProfiles(group), group.members()]);
  return members
    .map(({ inboxId }) => ({ inboxId, profile: profiles.get(inboxId) }))
    .filter(({ profile }) => profile?.memberKind !== AGENT_MEMBER_KIND);
}

/** Tells everyone the profiles of the present members. Sends nothing when nothing is known of any of them. */
export async function sendProfileSnapshot(
  group: ProfileGroup & Pick<Group, "members" | "send">,
): Promise<void> {
  const [known, members] = await Promise.all([resolveProfiles(group), group.members()]);
  const profiles = members.flatMap(({ inboxId }): MemberProfile[] => {
    const profile = known.get(inboxId);
    return profile && hasContent(profile) ? [{ inboxId, ...profile }] : [];
  });
  if (profiles.length > 0) await sendContent(group, profileSnapshotCodec, { profiles });
}

function fillFromUpdate(message: DecodedMessage, fill: (inboxId: string, profile: Profile) => void): void {
  const update = readContent(message, profileUpdateCodec);
  if (update !== undefined) fill(message.senderInboxId, update);
}

function merge(newer: Profile | undefined, older: Profile): Profile {
  return {
    name: newer?.name?.trim() ? newer.name : older.name,
    encryptedImage: newer?.encryptedImage ?? usable(older.encryptedImage),
    memberKind: newer?.memberKind ?? older.memberKind,
    metadata:
      newer === undefined || newer.metadata !== undefined
        ? (newer?.metadata ?? older.metadata)
        : keep(older.metadata),
  };
}

const usable = (image: EncryptedImageRef | undefined): EncryptedImageRef | undefined =>
  image && isUsableImageRef(image) ? image : undefined;

const keep = (metadata: ProfileMetadata | undefined): ProfileMetadata | undefined =>
  metadata &&
  Object.fromEntries(Object.entries(metadata).filter(([key]) => !CLEARABLE_METADATA.includes(key)));

const hasContent = (profile: Profile): boolean =>
  Boolean(profile.name?.trim() || profile.encryptedImage || profile.memberKind) ||
  Object.keys(profile.metadata ?? {}).length > 0;
