import { toHex } from "../bytes.ts";
import { decodeOrUndefined } from "../protobuf.ts";
import { decodePayload, INBOX_ID_BYTES, type InvitePayload } from "./payload.ts";
import { hashPayload } from "./signature.ts";
import { decodeSlug, encodeSlug } from "./slug.ts";
import { extractSlug, type InviteNetwork } from "./url.ts";

/** A well-formed invite. Nothing about its signature, its expiry or its network has been checked yet. */
export interface Invite extends InvitePayload {
  /** The bare slug as we would write it: uncompressed, whatever form it was read in. */
  readonly slug: string;
  /** Where a URL's host or scheme says it belongs; undefined for a bare slug. */
  readonly network: InviteNetwork | undefined;
  /** The signed bytes, verbatim. */
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** SHA-256 of the payload in hex: equal for every encoding of the same invite, which slugs are not. */
  readonly hash: string;
}

/**
 * unknown-link   a URL that is not one of Convos
 * not-a-slug     text that is no encoded invite, or a truncated one
 * incomplete     an encoded invite without a tag, a token, a signature or a whole inbox id
 */
export type InviteParseFailure = "unknown-link" | "not-a-slug" | "incomplete";

export type InviteParseResult =
  | { readonly ok: true; readonly invite: Invite }
  | { readonly ok: false; readonly reason: InviteParseFailure };

/**
 * Reads an invite from a bare slug, from any of the clients' URL forms or from an app link.
 * Never throws; surrounding white space is ignored. At most 64 Ki characters are looked at.
 */
export function parseInvite(text: string): InviteParseResult {
  const found = extractSlug(text);
  if (found === undefined) return { ok: false, reason: "unknown-link" };
  const signed = decodeSlug(found.slug);
  const fields = signed && decodeOrUndefined(() => decodePayload(signed.payload));
  if (signed === undefined || fields === undefined) return { ok: false, reason: "not-a-slug" };
  if (
    fields.tag === "" ||
    fields.conversationToken.length === 0 ||
    fields.creatorInboxId.length !== INBOX_ID_BYTES * 2 ||
    signed.signature.length === 0
  ) {
    return { ok: false, reason: "incomplete" };
  }
  const { payload, signature } = signed;
  const invite: Invite = {
    ...fields,
    slug: encodeSlug(signed),
    network: found.network,
    payload,
    signature,
    hash: toHex(hashPayload(payload)),
  };
  return { ok: true, invite };
}
