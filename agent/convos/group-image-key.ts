import type { Group } from "@xmtp/node-sdk";
import { decodeAppData } from "./app-data/text.ts";
import { type AppDataGroup, updateAppData } from "./app-data/update.ts";
import { GROUP_KEY_BYTES, newImageKey } from "./image-encryption.ts";
import { isAllowedBy } from "./rights.ts";

type KeyedGroup = AppDataGroup & Pick<Group, "permissions" | "isAdmin" | "isSuperAdmin">;

/**
 * The key that seals the pictures of a group's members. Made where there is none, if this inbox may write appData;
 * undefined when it may not, or when what is there is no key. Rejects as `updateAppData` does.
 */
export async function groupImageKey(group: KeyedGroup, ownInboxId: string): Promise<Uint8Array | undefined> {
  const known = keyIn(group.appData);
  if (known !== undefined) return usable(known);
  await group.sync();
  const policy = group.permissions().policySet.updateAppDataPolicy;
  if (!isAllowedBy(policy, group, ownInboxId)) return usable(keyIn(group.appData));
  const made = newImageKey();
  const { imageEncryptionKey } = await updateAppData(group, (metadata) =>
    metadata.imageEncryptionKey === undefined ? { ...metadata, imageEncryptionKey: made } : metadata,
  );
  return usable(imageEncryptionKey);
}

const keyIn = (appData: string): Uint8Array | undefined => decodeAppData(appData)?.imageEncryptionKey;

const usable = (key: Uint8Array | undefined): Uint8Array | undefined =>
  key?.length === GROUP_KEY_BYTES ? key : undefined;
