import { secp256k1 } from "@noble/curves/secp256k1";
import { fromHex } from "../bytes.ts";
import { toUnixSeconds } from "../time.ts";
import { encodePayload } from "./payload.ts";
import { signPayload } from "./signature.ts";
import { encodeSlug } from "./slug.ts";
import { encryptToken } from "./token.ts";
import { type InviteNetwork, inviteUrl } from "./url.ts";

/** What the iOS app shows; longer names are refused rather than cut. */
export const MAX_CONVERSATION_NAME_CHARS = 50;
const MAX_DESCRIPTION_CHARS = 1000;
const MAX_IMAGE_URL_CHARS = 2048;

export interface CreateInviteOptions {
  /** The inviter's secp256k1 key: 32 bytes, or 64 hex characters with or without `0x`. */
  readonly privateKey: Uint8Array | string;
  /** The inviter's inbox id. */
  readonly inboxId: string;
  readonly groupId: string;
  /** The group's current tag; it must already be in its appData. */
  readonly tag: string;
  readonly env: InviteNetwork;
  /** At most 50 characters. */
  readonly name?: string | undefined;
  /** At most 1000 characters. */
  readonly description?: string | undefined;
  /** A public preview image, at most 2048 characters. */
  readonly imageUrl?: string | undefined;
  readonly emoji?: string | undefined;
  /** The link's expiry. */
  readonly expiresAt?: Date | undefined;
  /** When the conversation is going to explode. */
  readonly conversationExpiresAt?: Date | undefined;
  /** Enforced by our own inviter only; other clients ignore it. */
  readonly expiresAfterUse?: boolean | undefined;
}

/** Signs an invite. Throws a RangeError for a malformed key, inbox id or tag and for texts over their limits. */
export function createInvite(options: CreateInviteOptions): { slug: string; url: string } {
  const privateKey = parsePrivateKey(options.privateKey);
  if (options.tag === "") throw new RangeError("an invite needs a tag");
  assertLength("name", options.name, MAX_CONVERSATION_NAME_CHARS);
  assertLength("description", options.description, MAX_DESCRIPTION_CHARS);
  assertLength("imageUrl", options.imageUrl, MAX_IMAGE_URL_CHARS);
  const payload = encodePayload({
    conversationToken: encryptToken(privateKey, options.inboxId, options.groupId),
    creatorInboxId: options.inboxId,
    tag: options.tag,
    name: options.name,
    description: options.description,
    imageUrl: options.imageUrl,
    conversationExpiresAtUnix: options.conversationExpiresAt && toUnixSeconds(options.conversationExpiresAt),
    expiresAtUnix: options.expiresAt && toUnixSeconds(options.expiresAt),
    expiresAfterUse: options.expiresAfterUse ?? false,
    emoji: options.emoji,
  });
  const slug = encodeSlug({ payload, signature: signPayload(payload, privateKey) });
  return { slug, url: inviteUrl(slug, options.env) };
}

/** The 32 bytes of a private key given as bytes or as hex. Throws a RangeError that does not repeat the key. */
export function parsePrivateKey(key: Uint8Array | string): Uint8Array {
  const bytes = typeof key === "string" ? fromHex(key.replace(/^0x/i, "")) : key;
  if (bytes === undefined || !secp256k1.utils.isValidPrivateKey(bytes)) {
    throw new RangeError("not a secp256k1 private key");
  }
  return bytes;
}

function assertLength(field: string, text: string | undefined, maxChars: number): void {
  if (text !== undefined && [...text].length > maxChars) {
    throw new RangeError(`an invite's ${field} has at most ${maxChars} characters`);
  }
}
