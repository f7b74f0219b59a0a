import { fromBase64url, toBase64url } from "../bytes.ts";
import { isFramed, readFrame } from "../deflate-frame.ts";
import { decodeOrUndefined } from "../protobuf.ts";
import { decodeSignedInvite, encodeSignedInvite, type SignedInvite } from "./payload.ts";

const SEPARATOR_EVERY_CHARS = 300;
const MAX_SLUG_CHARS = 65_536;
const MAX_INFLATED_BYTES = 1_048_576;

/** Never compressed: the clients do not read each other's compressed slugs, and all of them read plain ones. */
export function encodeSlug(invite: SignedInvite): string {
  const text = toBase64url(encodeSignedInvite(invite));
  return text.replace(new RegExp(`.{${SEPARATOR_EVERY_CHARS}}(?=.)`, "g"), "$&*");
}

/** Reads a bare slug, plain or compressed in either flavour. Undefined for anything else. */
export function decodeSlug(slug: string): SignedInvite | undefined {
  if (slug.length === 0 || slug.length > MAX_SLUG_CHARS) return undefined;
  const bytes = fromBase64url(slug.replaceAll("*", ""));
  if (bytes === undefined || bytes.length === 0) return undefined;
  const message = isFramed(bytes) ? readFrame(bytes, MAX_INFLATED_BYTES) : bytes;
  return message && decodeOrUndefined(() => decodeSignedInvite(message));
}
