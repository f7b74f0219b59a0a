import {
  type DecodedMessage,
  isAttachment,
  isMultiRemoteAttachment,
  isRemoteAttachment,
  isReply,
} from "@xmtp/node-sdk";
import { type Static, Type } from "typebox";
import { toHex } from "../../convos/bytes.ts";
import type { FileProblem } from "./file-error.ts";

/** Of more files in one message the first of these are taken, and one entry that says so stands for the rest. */
export const FILES_MAX = 10;
/** Longer names and addresses than these are not what a person's app sends. */
const FILENAME_MAX_CHARS = 255;
const URL_MAX_CHARS = 2_048;

const Filename = Type.Union([Type.String(), Type.Null()]);

/**
 * A file as a message names it, JSON-serialisable. `bytes` is base64; `contentDigest` (SHA-256 of the payload),
 * `secret`, `salt` and `nonce` are lower case hex; `contentLength` is what the sender declares, in bytes.
 * `broken` is what a message calls a file and does not describe as one.
 */
export const SentFile = Type.Union([
  Type.Object({
    kind: Type.Literal("inline"),
    filename: Filename,
    mimeType: Type.String(),
    bytes: Type.String(),
  }),
  Type.Object({
    kind: Type.Literal("remote"),
    filename: Filename,
    url: Type.String(),
    contentDigest: Type.String(),
    secret: Type.String(),
    salt: Type.String(),
    nonce: Type.String(),
    contentLength: Type.Union([Type.Number(), Type.Null()]),
  }),
  Type.Object({
    kind: Type.Literal("broken"),
    filename: Filename,
    problem: Type.Union([Type.Literal("damaged"), Type.Literal("too-many")]),
  }),
]);
export type SentFile = Static<typeof SentFile>;

const broken = (filename: string | null, problem: FileProblem & ("damaged" | "too-many")): SentFile => ({
  kind: "broken",
  filename,
  problem,
});

/**
 * The files of a message, also of a reply; [] when it holds none. At most `FILES_MAX` and the note that there were more.
 * Never throws: what is malformed comes out as `broken`.
 */
export function filesOf(message: DecodedMessage): readonly SentFile[] {
  const holder = isReply(message) ? heldByReply(message) : message;
  if (holder === undefined) return [];
  if (isAttachment(holder)) return [inlineFile(holder.content)];
  if (isRemoteAttachment(holder)) return [remoteFile(holder.content)];
  if (!isMultiRemoteAttachment(holder)) return [];
  const listed: unknown = fieldsOf(holder.content).attachments;
  if (!Array.isArray(listed)) return [broken(null, "damaged")];
  const files = listed.slice(0, FILES_MAX).map(remoteFile);
  return listed.length > FILES_MAX ? [...files, broken(null, "too-many")] : files;
}

/** What a reply carries, in the form of a message of its own, so that the SDK's type guards tell what it is. */
function heldByReply(message: DecodedMessage): DecodedMessage | undefined {
  const { content, contentType } = fieldsOf(message.content);
  const { authorityId, typeId } = fieldsOf(contentType);
  if (typeof authorityId !== "string" || typeof typeId !== "string") return undefined;
  return { ...message, content, contentType: { authorityId, typeId, versionMajor: 1, versionMinor: 0 } };
}

function inlineFile(attachment: unknown): SentFile {
  const { filename, mimeType, content } = fieldsOf(attachment);
  if (!(content instanceof Uint8Array)) return broken(nameOf(filename), "damaged");
  return {
    kind: "inline",
    filename: nameOf(filename),
    mimeType: typeof mimeType === "string" ? mimeType.slice(0, FILENAME_MAX_CHARS) : "",
    bytes: Buffer.from(content).toString("base64"),
  };
}

function remoteFile(attachment: unknown): SentFile {
  const { filename, url, contentDigest, secret, salt, nonce, contentLength } = fieldsOf(attachment);
  const name = nameOf(filename);
  if (typeof url !== "string" || url.length > URL_MAX_CHARS || typeof contentDigest !== "string")
    return broken(name, "damaged");
  if (!/^[0-9a-f]{64}$/i.test(contentDigest) || !hasLength(secret, 32) || !hasLength(salt, 32))
    return broken(name, "damaged");
  if (!hasLength(nonce, 12)) return broken(name, "damaged");
  return {
    kind: "remote",
    filename: name,
    url,
    contentDigest: contentDigest.toLowerCase(),
    secret: toHex(secret),
    salt: toHex(salt),
    nonce: toHex(nonce),
    contentLength: typeof contentLength === "number" ? contentLength : null,
  };
}

const hasLength = (value: unknown, bytes: number): value is Uint8Array =>
  value instanceof Uint8Array && value.length === bytes;

const nameOf = (filename: unknown): string | null =>
  typeof filename === "string" && filename !== "" ? filename.slice(0, FILENAME_MAX_CHARS) : null;

/** The fields of what a stranger's message decoded to; none when it is no object. */
const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
