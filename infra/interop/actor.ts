import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Client, type ClientOptions, type DecodedMessage } from "@xmtp/node-sdk";
import { type Static, type TSchema, Type } from "typebox";
import { toBytes } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { convosCodecs } from "../../agent/convos/index.ts";
import { expectAnswer, Joined } from "./answers.ts";
import { type ClientPlace, runClient } from "./client-process.ts";
import { LiveSession } from "./live-session.ts";
import { COMMAND_TIMEOUT_MS } from "./patience.ts";

const Identity = Type.Object({
  walletKey: Type.String({ pattern: "^0x[0-9a-f]{64}$" }),
  dbEncryptionKey: Type.String(),
});

export interface ActorOptions {
  readonly program: string;
  readonly nodeUrl: string;
  /** An empty folder of its own. */
  readonly folder: string;
  readonly name: string;
  /** Where it puts its files. */
  readonly fileHost: { readonly url: string; readonly apiKey: string };
}

/** Somebody with an installation of Convos's own client. One command or session at a time: all use one database. */
export class Actor {
  readonly name: string;
  readonly folder: string;
  readonly #nodeUrl: string;
  readonly #place: ClientPlace;

  private constructor({ name, folder, nodeUrl }: ActorOptions, place: ClientPlace) {
    this.name = name;
    this.folder = folder;
    this.#nodeUrl = nodeUrl;
    this.#place = place;
  }

  static async arrive(options: ActorOptions): Promise<Actor> {
    const { program, nodeUrl, folder, fileHost } = options;
    const cwd = join(folder, "empty");
    await mkdir(cwd, { recursive: true });
    const environment = {
      HOME: folder,
      TMPDIR: folder,
      CONVOS_HOME: join(folder, "convos"),
      CONVOS_ENV: "local",
      CONVOS_SKIP_NEW_VERSION_CHECK: "true",
      CONVOS_API_KEY: fileHost.apiKey,
      CONVOS_API_BASE_URL: fileHost.url,
      XMTP_NODE_URL: nodeUrl,
    };
    return new Actor(options, { program, cwd, environment });
  }

  /** Runs one command, checks its answer. */
  async ask<T extends TSchema>(schema: T, ...args: string[]): Promise<Static<T>> {
    return expectAnswer(schema, await runClient(this.#place, args, COMMAND_TIMEOUT_MS));
  }

  /** Asks to be let in and waits for it; seconds. */
  join(url: string | null, waitS: number, ...flags: string[]): Promise<Static<typeof Joined>> {
    const args = ["--profile-name", this.name, "--timeout", String(waitS), ...flags];
    return this.ask(Joined, "conversations", "join", url ?? "", ...args);
  }

  /** Stays in a conversation, as an app that is open does: it hears everything and lets people in. */
  live(conversationId: string, ...flags: string[]): Promise<LiveSession> {
    return LiveSession.start(this.#place, conversationId, flags);
  }

  /**
   * What lies in its direct messages with somebody. The client shows none of it, so its database is opened by the SDK;
   * none of its commands may be running.
   */
  async directMessages(peerInboxId: string): Promise<DecodedMessage[]> {
    const home = join(this.folder, "convos");
    const text = await readFile(join(home, "identity.json"), "utf8");
    const identity = expectAnswer(Identity, JSON.parse(text));
    const account = privateKeyToAccount(`0x${identity.walletKey.slice(2)}`);
    const options: ClientOptions = {
      env: "local",
      apiUrl: this.#nodeUrl,
      dbPath: join(home, "db", "local", "main.db3"),
      dbEncryptionKey: Buffer.from(identity.dbEncryptionKey.replace(/^0x/, ""), "hex"),
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
    try {
      await client.conversations.sync();
      const dm = client.conversations.getDmByInboxId(peerInboxId);
      await dm?.sync();
      return (await dm?.messages()) ?? [];
    } finally {
      await client.close();
    }
  }
}
