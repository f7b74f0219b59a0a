import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client, type ClientOptions, type IdentifierKind, type Signer } from "@xmtp/node-sdk";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { type Hex, isHex, toBytes } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { convosCodecs } from "../../agent/convos/content-types/codecs.ts";
import { LockHeldError, takeLock } from "../../infra/local/file-lock.ts";
import { CommandError, EXIT } from "../command.ts";
import type { XmtpEndpoint } from "../credentials.ts";
import { Rooms } from "./rooms.ts";

/** The SDK's enum is ambient and cannot be read where each file is compiled alone. */
const ETHEREUM = 0 satisfies IdentifierKind;

const IdentityFile = Type.Object({
  privateKey: Type.String({ pattern: "^0x[0-9a-f]{64}$" }),
});

/** Somebody who chats from this terminal, with an XMTP identity of its own that is kept from chat to chat. */
export interface Person extends AsyncDisposable {
  readonly name: string;
  readonly client: Client<unknown>;
  readonly rooms: Rooms;
}

/**
 * Opens the person, or makes it: key and database live in `<state>/people/<name>`, readable by this user alone. The
 * database is not encrypted, since its key would have to lie beside it.
 * Throws when the person chats elsewhere already or the network does not answer.
 */
export async function openPerson(stateDir: string, name: string, endpoint: XmtpEndpoint): Promise<Person> {
  const folder = join(stateDir, "people", encodeURIComponent(name.toLowerCase()));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const release = await lock(join(folder, "lock"), name);
  try {
    const privateKey = await identityOf(join(folder, "identity.json"));
    const { network, apiUrl } = endpoint;
    const options: ClientOptions = {
      env: network,
      dbPath: join(folder, `xmtp-${network}.db3`),
      disableDeviceSync: true,
      ...(apiUrl === undefined ? {} : { apiUrl }),
    };
    const client = await open(privateKey, options, endpoint);
    return {
      name,
      client,
      rooms: new Rooms(join(folder, "rooms.json")),
      [Symbol.asyncDispose]: async () => {
        await client.close();
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

async function open(
  privateKey: Hex,
  options: ClientOptions,
  endpoint: XmtpEndpoint,
): Promise<Client<unknown>> {
  try {
    return await Client.create(signerOf(privateKey), { ...options, codecs: convosCodecs });
  } catch (error) {
    throw new CommandError(
      `the XMTP network '${endpoint.network}'${endpoint.apiUrl ? ` at ${endpoint.apiUrl}` : ""} does not take this person`,
      {
        hint: "Is the stack running (`npm start`)? XMTP_ENV and XMTP_API_URL name another network.",
        exitCode: EXIT.unreachable,
        cause: error,
      },
    );
  }
}

async function lock(path: string, name: string): Promise<() => Promise<void>> {
  try {
    return await takeLock(path);
  } catch (error) {
    if (!(error instanceof LockHeldError)) throw error;
    throw new CommandError(`${name} chats in another terminal already`, {
      hint: "Chat as somebody else there or here: --name NAME.",
    });
  }
}

async function identityOf(file: string): Promise<Hex> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) {
    const privateKey = generatePrivateKey();
    await writeFile(file, JSON.stringify({ privateKey }), { mode: 0o600, flag: "wx" });
    return privateKey;
  }
  const privateKey = parse(text)?.privateKey;
  if (isHex(privateKey)) return privateKey;
  throw new CommandError(`${file} is not what this program writes`, {
    hint: "Chat under another --name, or remove the folder to make this person anew.",
  });
}

function parse(text: string): { privateKey: string } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(IdentityFile, value) ? value : undefined;
  } catch {
    // The parser's message would quote the key.
    return undefined;
  }
}

function signerOf(privateKey: Hex): Signer {
  const account = privateKeyToAccount(privateKey);
  return {
    type: "EOA",
    getIdentifier: () => ({ identifier: account.address.toLowerCase(), identifierKind: ETHEREUM }),
    signMessage: async (message) => toBytes(await account.signMessage({ message })),
  };
}
