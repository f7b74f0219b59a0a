import { ConfigError } from "./environment.ts";

interface MasterKeyVariables {
  readonly MASTER_KEY: string;
  readonly MASTER_KEY_PREVIOUS?: string;
  readonly DIGEST_KEY?: string;
}

export interface MasterKeySet {
  /** The key that seals; 32 bytes, like the others. */
  readonly master: Buffer;
  readonly previous: readonly Buffer[];
  readonly digest: Buffer;
}

const decode = (base64: string): Buffer => Buffer.from(base64, "base64");

/** The keys of the platform's variables. Throws a ConfigError when a rotation would change the digests. */
export function masterKeysOf(variables: MasterKeyVariables, component: string): MasterKeySet {
  const { MASTER_KEY, MASTER_KEY_PREVIOUS, DIGEST_KEY } = variables;
  if (MASTER_KEY_PREVIOUS !== undefined && DIGEST_KEY === undefined)
    throw new ConfigError(component, ["DIGEST_KEY is missing: MASTER_KEY_PREVIOUS needs it"]);
  return {
    master: decode(MASTER_KEY),
    previous: MASTER_KEY_PREVIOUS?.split(",").map(decode) ?? [],
    digest: decode(DIGEST_KEY ?? MASTER_KEY),
  };
}
