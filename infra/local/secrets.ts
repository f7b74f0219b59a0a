import { generateKeyPairSync, randomBytes } from "node:crypto";
import { chmod, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Made once for each state folder. Who loses them loses what was sealed with them. */
export type LocalSecrets = {
  /** What callers of the gateway show as Bearer. */
  readonly apiKey: string;
  /** 32 bytes in base64: seals what the registry keeps. */
  readonly masterKey: string;
  /** Ed25519, PKCS 8, base64: signs receipts. */
  readonly receiptKey: string;
  /** Ed25519, PKCS 8, base64: attests the agents. */
  readonly attestationKey: string;
  /** What the keys of the provider doubles are made from. */
  readonly doublesSecret: string;
};

export const SECRETS_FILE = "secrets.json";
export const CREDENTIALS_FILE = "credentials.json";

export async function keepSecrets(stateDir: string): Promise<LocalSecrets> {
  const file = join(stateDir, SECRETS_FILE);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text !== undefined) return parseSecrets(file, text);
  const secrets: LocalSecrets = {
    apiKey: `local-${randomBytes(24).toString("base64url")}`,
    masterKey: randomBytes(32).toString("base64"),
    receiptKey: newSigningKey(),
    attestationKey: newSigningKey(),
    doublesSecret: randomBytes(32).toString("hex"),
  };
  await writePrivateJson(file, secrets);
  return secrets;
}

const newSigningKey = (): string =>
  generateKeyPairSync("ed25519").privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");

/** What the local tools read to reach the gateway and the network. */
export async function writeCredentials(
  stateDir: string,
  credentials: { apiUrl: string; apiKey: string; xmtpEnv: string; xmtpApiUrl: string | undefined },
): Promise<void> {
  await writePrivateJson(join(stateDir, CREDENTIALS_FILE), credentials);
}

async function writePrivateJson(file: string, value: unknown): Promise<void> {
  await writeFile(`${file}.partial`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  // The mode above applies only to a file that is made new.
  await chmod(`${file}.partial`, 0o600);
  await rename(`${file}.partial`, file);
}

function parseSecrets(file: string, text: string): LocalSecrets {
  const value = parseJson(text);
  const field = (name: keyof LocalSecrets): string => {
    const found =
      typeof value === "object" && value !== null ? new Map(Object.entries(value)).get(name) : undefined;
    if (typeof found === "string" && found !== "") return found;
    throw new Error(
      `${file} lacks ${name}; start with --fresh to make new secrets and drop what old ones sealed`,
    );
  };
  return {
    apiKey: field("apiKey"),
    masterKey: field("masterKey"),
    receiptKey: field("receiptKey"),
    attestationKey: field("attestationKey"),
    doublesSecret: field("doublesSecret"),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote the secrets.
    return undefined;
  }
}
