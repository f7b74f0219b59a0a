import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { writeDurably } from "./durable-file.ts";
import { createVault, SALT_BYTES, type Vault } from "./vault.ts";

const PURPOSE = "identity";

const Envelope = Type.Object(
  { version: Type.Literal(1), salt: Type.String({ pattern: "^[0-9a-f]{64}$" }), sealed: Type.String() },
  { additionalProperties: false },
);
const PrivateKey = Type.String({ pattern: "^0x[0-9a-f]{64}$" });
const Identities = Type.Object(
  {
    /** Owns the conversation that was made while idle. */
    main: Type.Object({ privateKey: PrivateKey }),
    /** Joins by invite; owns nothing. */
    join: Type.Object({ privateKey: PrivateKey }),
    /** Set once the conversation exists; from then on the XMTP database must exist too. */
    conversationId: Type.Union([Type.Null(), Type.String({ pattern: "^[0-9a-f]{32}$" })]),
  },
  { additionalProperties: false },
);
export type Identities = Static<typeof Identities>;

export class IdentityFileError extends Error {
  override readonly name = "IdentityFileError";
}

export interface IdentityFile {
  vault: Vault;
  identities: Identities;
  /** Durable when it returns. */
  setConversation(conversationId: string): void;
}

const newPrivateKey = (): string => `0x${randomBytes(32).toString("hex")}`;

/** Reads the identity file, or makes it with two new keys. Throws when it exists and cannot be trusted. */
export function openIdentityFile(path: string, stateKeyHex: string): IdentityFile {
  let salt: Buffer;
  let identities: Identities;
  let vault: Vault;
  const write = (): void => {
    const sealed = vault.sealText(PURPOSE, JSON.stringify(identities)).toString("base64");
    writeDurably(path, JSON.stringify({ version: 1, salt: salt.toString("hex"), sealed }));
  };
  if (existsSync(path)) {
    const envelope: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (!Value.Check(Envelope, envelope)) throw new IdentityFileError("the identity file is malformed");
    salt = Buffer.from(envelope.salt, "hex");
    vault = createVault(stateKeyHex, salt);
    const content: unknown = JSON.parse(vault.openText(PURPOSE, Buffer.from(envelope.sealed, "base64")));
    if (!Value.Check(Identities, content))
      throw new IdentityFileError("the identity file's content is malformed");
    identities = content;
  } else {
    salt = randomBytes(SALT_BYTES);
    vault = createVault(stateKeyHex, salt);
    identities = {
      main: { privateKey: newPrivateKey() },
      join: { privateKey: newPrivateKey() },
      conversationId: null,
    };
    write();
  }
  return {
    vault,
    get identities() {
      return identities;
    },
    setConversation(conversationId) {
      identities = { ...identities, conversationId };
      write();
    },
  };
}
