import type { DecodedMessage, Group } from "@xmtp/node-sdk";
import { SORT } from "../../agent/convos/xmtp-values.ts";

const POLL_MS = 2_000;
const STREAM_RETRY_MS = 1_000;
const STREAM_RETRIES = 1_000_000;
const LOOKED_AT = 100;

/**
 * The messages of a conversation, each once and in order. A stream tells that there is something new, a look every two
 * seconds finds what it missed; outages are waited out.
 */
export class Feed {
  readonly #group: Group<unknown>;
  readonly #onMessage: (message: DecodedMessage) => Promise<void>;
  readonly #seen = new Set<string>();
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #ring: () => void = () => undefined;

  constructor(group: Group<unknown>, onMessage: (message: DecodedMessage) => Promise<void>) {
    this.#group = group;
    this.#onMessage = onMessage;
  }

  /** What is there already, the oldest first; it will not come again. */
  async takeHistory(): Promise<DecodedMessage[]> {
    await this.#group.sync();
    return this.#unseen();
  }

  /** Resolves when we are no member any more, or after `stop`. */
  run(): Promise<void> {
    this.#running = this.#loop();
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#ring();
    await this.#running;
  }

  async #loop(): Promise<void> {
    const stream = await this.#listen();
    try {
      while (!this.#stopping.signal.aborted) {
        const bell = this.#nextRing();
        await this.#syncOrWait();
        for (const message of await this.#unseen()) await this.#onMessage(message);
        if (!this.#group.isActive) return;
        await bell;
      }
    } finally {
      await stream?.end();
    }
  }

  async #listen(): Promise<{ end(): Promise<unknown> } | undefined> {
    const ring = (): void => this.#ring();
    const retries = { retryAttempts: STREAM_RETRIES, retryDelay: STREAM_RETRY_MS };
    try {
      return await this.#group.stream({ onValue: ring, onRestart: ring, ...retries });
    } catch {
      // The node is away: the looks make up for the stream.
      return undefined;
    }
  }

  async #syncOrWait(): Promise<void> {
    try {
      await this.#group.sync();
    } catch {
      // The node is away, or we were just removed, which `isActive` then says. What is stored is looked at anyway.
    }
  }

  async #unseen(): Promise<DecodedMessage[]> {
    const newest = await this.#group.messages({ limit: LOOKED_AT, direction: SORT.descending });
    // A reaction is not among the messages: it hangs on the one that it is to.
    const known = newest.reverse().flatMap((message) => [message, ...message.reactions]);
    const unseen = known.filter(({ id }) => !this.#seen.has(id));
    for (const { id } of unseen) this.#seen.add(id);
    return unseen;
  }

  #nextRing(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, POLL_MS);
    this.#ring = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }
}
