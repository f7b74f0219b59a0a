import { readFileSync } from "node:fs";

/** The golden vectors, made with the real clients' own code. Read as they are: only tests use them. */
interface InviteVector {
  id: string;
  note: string;
  slug: string;
  compression: "none" | "zlib" | "raw-deflate";
  urlDev: string;
  urlProd: string;
  signedInvite: string;
  payload: string;
  payloadSha256: string;
  signature: string;
  recoveredPublicKey: string;
  fields: {
    creatorInboxId: string;
    tag: string;
    name?: string;
    description?: string;
    imageURL?: string;
    emoji?: string;
    expiresAtUnix?: number;
    conversationExpiresAtUnix?: number;
    expiresAfterUse: boolean;
    conversationToken: string;
    tokenNonce: string;
  };
  verifyWithPrivateKey: string;
  expect: { signatureMatches: boolean; tokenDecryptsTo: string | null; outcome: string };
}

interface ImageVector {
  url: string;
  salt: string;
  nonce: string;
}

interface AppDataVector {
  id: string;
  note: string;
  appData: string;
  protobuf?: string;
  compression?: "none" | "raw-deflate";
  unknownField15?: string;
  mustAlsoAccept?: { appData: string };
  metadata: {
    tag: string;
    profiles: { inboxId: string; name?: string; image?: string; encryptedImage?: ImageVector; connections?: string }[];
    expiresAtUnix?: number;
    imageEncryptionKey?: string;
    encryptedGroupImage?: ImageVector;
    emoji?: string;
  };
}

interface ProfileVector {
  name?: string;
  memberKind?: number;
  encryptedImage?: ImageVector;
  metadata?: Record<string, { type: string; value: string | number | boolean }>;
}

interface JsonVector {
  contentType: { authorityId: string; typeId: string; versionMajor: number; versionMinor: number };
  content: string;
}

interface Vectors {
  keys: { id: string; privateKey: string; publicKeyUncompressed: string }[];
  tokens: {
    id: string;
    privateKey: string;
    creatorInboxId: string;
    conversationId: string;
    hkdfKey: string;
    nonce: string;
    plaintext: string;
    token: string;
  }[];
  invites: InviteVector[];
  negativeInvites: InviteVector[];
  slugParsing: {
    accept: { input: string; canonicalSlug: string }[];
    reject: { note: string; input: string }[];
  };
  appData: AppDataVector[];
  negativeAppData: { id: string; note: string; appData: string; lenient: { tag: string }; forWrite: string }[];
  explodeSettings: (Pick<JsonVector, "contentType"> & {
    id: string;
    date: string;
    convosCliContent: string;
    sendContent: string;
    expiresAtUnixForAppData: number;
  })[];
  explodeSettingsDecode: { accept: { content: string; unixMs: number }[]; reject: string[] };
  joinRequests: (JsonVector & { id: string; parsed: unknown })[];
  inviteJoinError: JsonVector[];
  inviteJoinHandled: JsonVector;
  profileUpdates: (Pick<JsonVector, "contentType"> & { id: string; update: ProfileVector; protobuf: string })[];
  profileSnapshots: (Pick<JsonVector, "contentType"> & {
    id: string;
    snapshot: { profiles: (ProfileVector & { inboxId: string })[] };
    protobuf: string;
  })[];
  typing: JsonVector[];
  thinking: JsonVector[];
  assistantJoinRequest: JsonVector[];
  imageEncryption: {
    groupKey: string;
    plaintext: string;
    salt: string;
    nonce: string;
    ciphertextWithTag: string;
    derivedKey: string;
    negative: { note: string; ciphertextWithTag: string };
  };
  emoji: { identifier: string; emoji: string }[];
  attestation: {
    ed25519Seed: string;
    publicKeyBase64url: string;
    inboxId: string;
    signature: string;
    timestamp: string;
    kid: string;
    messageSha256: string;
    jwks: { keys: { kid: string; kty: string; crv: string; x: string; use: string }[] };
  };
}

const file = new URL("./convos-vectors.json", import.meta.url);
export const vectors: Vectors = JSON.parse(readFileSync(file, "utf8"));
export type { AppDataVector, ImageVector, InviteVector, JsonVector, ProfileVector };

export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
