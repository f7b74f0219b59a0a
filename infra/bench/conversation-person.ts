import { Client, type ClientOptions, type DecodedMessage, type Group } from "@xmtp/node-sdk";
import { toBytes } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import {
  awaitAdmission,
  convosCodecs,
  parseInvite,
  profileUpdateCodec,
  sendContent,
  sendJoinRequest,
} from "../../agent/convos/index.ts";
import type { Sample } from "./samples.ts";

const JOIN_MS = 30_000;
const ARRIVAL_MS = 30_000;

/** Something that arrived at a person, on the clock of `performance.now()`. */
interface Arrival {
  readonly atMs: number;
  readonly message: DecodedMessage;
}

/** Somebody with an XMTP client, who hears everything by a stream, as the app does. */
export class BenchPerson implements AsyncDisposable {
  readonly client: Client<unknown>;
  readonly name: string;
  readonly #arrivals: Arrival[] = [];
  readonly #enteredMs: number[] = [];
  #onArrival: () => void = () => undefined;
  #streams: readonly { end(): Promise<unknown> }[] = [];

  private constructor(name: string, client: Client<unknown>) {
    this.name = name;
    this.client = client;
  }

  static async open(name: string, options: { apiUrl: string; dbPath: string }): Promise<BenchPerson> {
    const account = privateKeyToAccount(generatePrivateKey());
    const settings: ClientOptions = {
      env: "local",
      disableDeviceSync: true,
      codecs: convosCodecs,
      ...options,
    };
    const client: Client<unknown> = await Client.create(
      {
        type: "EOA",
        getIdentifier: () => ({ identifier: account.address.toLowerCase(), identifierKind: 0 }),
        signMessage: async (message) => toBytes(await account.signMessage({ message })),
      },
      settings,
    );
    const person = new BenchPerson(name, client);
    person.#streams = await Promise.all([
      client.conversations.streamGroups({ onValue: () => person.#enteredMs.push(performance.now()) }),
      client.conversations.streamAllMessages({ onValue: (message) => person.#heard(message) }),
    ]);
    return person;
  }

  /** Asks to be let in and waits for it. The times are those of the request and of the group's arrival. */
  async join(url: string | null): Promise<{ group: Group<unknown>; askedMs: number; enteredMs: number }> {
    const parsed = parseInvite(url ?? "");
    if (!parsed.ok) throw new Error("the agent's invite does not parse");
    const askedMs = performance.now();
    const request = await sendJoinRequest(this.client, parsed.invite, { name: this.name });
    if (request.status !== "sent") throw new Error(`not asked to be let in: ${request.status}`);
    const admission = await awaitAdmission(this.client, parsed.invite, { timeoutMs: JOIN_MS });
    if (admission.status !== "joined") throw new Error(`not let in: ${admission.status}`);
    const enteredMs = this.#enteredMs.at(-1) ?? performance.now();
    await sendContent(admission.group, profileUpdateCodec, { name: this.name });
    return { group: admission.group, askedMs, enteredMs };
  }

  /** From the sending of a text to the arrival of what `is` waits for, which gets the text's id; as one sample. */
  async measure(
    group: Group<unknown>,
    text: string,
    is: (message: DecodedMessage, sentId: string) => boolean,
    startedMs: number,
  ): Promise<Sample> {
    const since = this.#arrivals.length;
    const sentMs = performance.now();
    const sentId = await group.sendText(text);
    const arrival = await this.#arrival((message) => is(message, sentId), since);
    const timing = { dueMs: sentMs - startedMs, lateMs: 0, acknowledgedMs: undefined };
    return arrival === undefined
      ? { ...timing, liveMs: undefined, failure: "nothing-arrived" }
      : { ...timing, liveMs: arrival.atMs - sentMs, failure: undefined };
  }

  /** When the first message for which `is` holds arrived; undefined when none does in time. */
  async arrivalMs(is: (message: DecodedMessage) => boolean): Promise<number | undefined> {
    return (await this.#arrival(is, 0))?.atMs;
  }

  async #arrival(is: (message: DecodedMessage) => boolean, since: number): Promise<Arrival | undefined> {
    const late = AbortSignal.timeout(ARRIVAL_MS);
    while (!late.aborted) {
      const found = this.#arrivals.slice(since).find(({ message }) => is(message));
      if (found) return found;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onArrival = resolve;
      late.addEventListener("abort", () => resolve(), { once: true });
      await promise;
    }
    return undefined;
  }

  #heard(message: DecodedMessage): void {
    this.#arrivals.push({ atMs: performance.now(), message });
    this.#onArrival();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#streams.map((stream) => stream.end()));
    await this.client.close();
  }
}
