import { Client, type ClientOptions } from "@xmtp/node-sdk";
import { toBytes } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { convosCodecs } from "../../convos/index.ts";

/** A person with an XMTP client of its own. */
export interface Person {
  client: Client<unknown>;
  privateKey: `0x${string}`;
}

/** Registers a person on a local network; `folder` gets the client's database. */
export async function openPerson(
  apiUrl: string,
  folder: string,
  privateKey = generatePrivateKey(),
): Promise<Person> {
  const account = privateKeyToAccount(privateKey);
  const options: ClientOptions = {
    env: "local",
    apiUrl,
    dbPath: `${folder}/${account.address}.db3`,
    disableDeviceSync: true,
    codecs: convosCodecs,
  };
  const client: Client<unknown> = await Client.create(
    {
      type: "EOA",
      getIdentifier: () => ({ identifier: account.address.toLowerCase(), identifierKind: 0 }),
      signMessage: async (message) => toBytes(await account.signMessage({ message })),
    },
    options,
  );
  return { client, privateKey };
}
