import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client, type ClientOptions, type Signer } from "@xmtp/node-sdk";
import { isHex, toBytes } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { convosCodecs } from "../../convos/index.ts";
import { errorName, type Log } from "../log.ts";
import { DIRECTORY_MODE, FILE_MODE } from "../state/durable-file.ts";
import { ETHEREUM } from "./values.ts";

/** A client that stays open for the life of the process; there is one per database file. */
export type XmtpClient = Client<unknown>;

export interface OpenClientOptions {
  /** 0x and 64 hex. */
  privateKey: string;
  databasePath: string;
  databaseKey: Uint8Array;
  env: "local" | "dev" | "production";
  apiUrl: string | undefined;
  /** The database was there before and must still be there: it is one unit with the key. */
  mustExist: boolean;
}

export class MissingDatabaseError extends Error {
  override readonly name = "MissingDatabaseError";
  constructor() {
    super("the XMTP database that belongs to the stored identity is gone");
  }
}

const RETRY_MS = 1_000;
const RETRY_MAX_MS = 10_000;

function createSigner(privateKey: string): Signer {
  if (!isHex(privateKey)) throw new TypeError("the private key is not hex");
  const account = privateKeyToAccount(privateKey);
  return {
    type: "EOA",
    getIdentifier: () => ({
      identifier: account.address.toLowerCase(),
      identifierKind: ETHEREUM,
    }),
    signMessage: async (message) => toBytes(await account.signMessage({ message })),
  };
}

/**
 * Opens (and the first time registers) an identity. The node may be down: tried again until it works or
 * `signal` aborts, which rejects with the signal's reason.
 */
export async function openClient(
  options: OpenClientOptions,
  log: Log,
  signal: AbortSignal,
): Promise<XmtpClient> {
  const { databasePath, env, apiUrl } = options;
  if (options.mustExist && !existsSync(databasePath)) throw new MissingDatabaseError();
  mkdirSync(dirname(databasePath), { recursive: true, mode: DIRECTORY_MODE });
  chmodSync(dirname(databasePath), DIRECTORY_MODE);
  const clientOptions: ClientOptions = {
    env,
    dbPath: databasePath,
    dbEncryptionKey: options.databaseKey,
    disableDeviceSync: true,
    maxDbPoolSize: 4,
    minDbPoolSize: 1,
    ...(apiUrl === undefined ? {} : { apiUrl }),
  };
  const signer = createSigner(options.privateKey);
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      const client = await Client.create(signer, { ...clientOptions, codecs: convosCodecs });
      const folder = dirname(databasePath);
      for (const name of readdirSync(folder)) chmodSync(join(folder, name), FILE_MODE);
      return client;
    } catch (error) {
      log("xmtp-open-failed", { attempt, error: errorName(error) });
    }
    await delay(Math.min(RETRY_MS * 2 ** attempt, RETRY_MAX_MS), undefined, { signal });
  }
}
