import { AgentMailClient as Sdk } from "agentmail";
import { type Static, type TSchema, Type } from "typebox";
import { Value } from "typebox/value";
import { PlatformError } from "../../domain/errors.ts";
import { Exchange, REQUEST_TIMEOUT_MS } from "./exchange.ts";

/** The fields that this platform reads, as on the wire; the provider sends more and may add others. */
const InboxAnswer = Type.Object({
  inbox_id: Type.String({ minLength: 1 }),
  client_id: Type.Optional(Type.String()),
  metadata: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  created_at: Type.String(),
});
const KeyAnswer = Type.Object({
  api_key_id: Type.String({ minLength: 1 }),
  name: Type.String(),
  inbox_id: Type.Optional(Type.String()),
  created_at: Type.String(),
});
const CreatedKeyAnswer = Type.Object({
  api_key_id: Type.String({ minLength: 1 }),
  api_key: Type.String({ minLength: 1 }),
});
const NextPage = Type.Optional(Type.String({ minLength: 1 }));
const InboxPage = Type.Object({ inboxes: Type.Array(InboxAnswer), next_page_token: NextPage });
const KeyPage = Type.Object({ api_keys: Type.Array(KeyAnswer), next_page_token: NextPage });

export interface Inbox {
  inboxId: string;
  clientId: string | undefined;
  metadata: Record<string, unknown>;
  createdAt: Date;
}

export interface InboxKey {
  apiKeyId: string;
  name: string;
  /** Absent: the key is not confined to one inbox. */
  inboxId: string | undefined;
  createdAt: Date;
}

type WantedInbox = NonNullable<Parameters<Sdk["inboxes"]["create"]>[0]>;
export type KeyPermissions = NonNullable<
  Extract<Parameters<Sdk["inboxes"]["apiKeys"]["create"]>[1], { permissions?: unknown }>["permissions"]
>;

export interface AgentMailOptions {
  /** Absent: the provider's own. */
  baseUrl?: string;
  /** The organisation's key. */
  apiKey: string;
  fetch?: typeof globalThis.fetch;
}

const PAGE_SIZE = 100;
const MAX_PAGES = 200;
/** All requests of one operation together. */
const OPERATION_TIMEOUT_MS = 18_000;

/**
 * AgentMail for one operation of the platform: everything it asks ends within 18 s of its construction. No call
 * retries. Source: the `agentmail` SDK and the provider document, "Inboxes" and "API keys".
 */
export class AgentMailClient {
  readonly #options: AgentMailOptions;
  readonly #deadline = AbortSignal.timeout(OPERATION_TIMEOUT_MS);

  constructor(options: AgentMailOptions) {
    this.#options = options;
  }

  /** The same client id brings the first answer again. Throws `conflict` when the username is taken. */
  async createInbox(wanted: WantedInbox): Promise<Inbox> {
    return inboxOf(await this.#call(InboxAnswer, (sdk) => sdk.inboxes.create(wanted)));
  }

  /** The inbox, or undefined when the provider says that there is none: for some seconds so of a new one. */
  async findInbox(inboxId: string): Promise<Inbox | undefined> {
    const answer = await this.#callOrAbsent(InboxAnswer, (sdk) => sdk.inboxes.get(inboxId));
    return answer && inboxOf(answer);
  }

  /** Every inbox of the organisation. A new one is in the list before it answers to its id. */
  async listInboxes(): Promise<Inbox[]> {
    const found = await everyPage(async (page) => {
      const answer = await this.#call(InboxPage, (sdk) => sdk.inboxes.list(page));
      return { items: answer.inboxes, next: answer.next_page_token };
    });
    return found.map(inboxOf);
  }

  /** Asks for its deletion: one that is gone already is a success. */
  async deleteInbox(inboxId: string): Promise<void> {
    await this.#callOrAbsent(Type.Unknown(), (sdk) => sdk.inboxes.delete(inboxId));
  }

  /** Makes a key that knows this inbox only; undefined when the provider does not find the inbox. */
  async createInboxKey(
    inboxId: string,
    name: string,
    permissions: KeyPermissions,
  ): Promise<{ apiKeyId: string; secret: string } | undefined> {
    const answer = await this.#callOrAbsent(CreatedKeyAnswer, (sdk) =>
      sdk.inboxes.apiKeys.create(inboxId, { name, permissions }),
    );
    return answer && { apiKeyId: answer.api_key_id, secret: answer.api_key };
  }

  /** The keys of an inbox; undefined when the provider does not find the inbox. */
  async listInboxKeys(inboxId: string): Promise<InboxKey[] | undefined> {
    let isInboxFound = true;
    const found = await everyPage(async (page) => {
      const answer = await this.#callOrAbsent(KeyPage, (sdk) => sdk.inboxes.apiKeys.list(inboxId, page));
      isInboxFound = answer !== undefined;
      return { items: answer?.api_keys ?? [], next: answer?.next_page_token };
    });
    return isInboxFound ? found.map(keyOf) : undefined;
  }

  /** Every key of the organisation, whatever it is confined to. */
  async listKeys(): Promise<InboxKey[]> {
    const found = await everyPage(async (page) => {
      const answer = await this.#call(KeyPage, (sdk) => sdk.apiKeys.list(page));
      return { items: answer.api_keys, next: answer.next_page_token };
    });
    return found.map(keyOf);
  }

  /** One that is gone already, or whose inbox is, is a success. */
  async deleteInboxKey(inboxId: string, apiKeyId: string): Promise<void> {
    await this.#callOrAbsent(Type.Unknown(), (sdk) => sdk.inboxes.apiKeys.delete(inboxId, apiKeyId));
  }

  async #call<Schema extends TSchema>(schema: Schema, run: Run): Promise<Static<Schema>> {
    const answer = await this.#callOrAbsent(schema, run);
    if (answer === undefined) throw new PlatformError("invalid", { detail: "status 404" });
    return answer;
  }

  async #callOrAbsent<Schema extends TSchema>(schema: Schema, run: Run): Promise<Static<Schema> | undefined> {
    const { apiKey, baseUrl, fetch = globalThis.fetch } = this.#options;
    const exchange = new Exchange(fetch, this.#deadline);
    const sdk = new Sdk({
      apiKey,
      maxRetries: 0,
      timeoutInSeconds: REQUEST_TIMEOUT_MS / 1_000,
      fetch: exchange.fetch,
      ...(baseUrl === undefined ? {} : { baseUrl }),
    });
    try {
      await run(sdk);
    } catch {
      // Always: the SDK is given no answer to read. What was seen on the wire is in the exchange.
    }
    const result = exchange.result();
    if (result === undefined) return undefined;
    if (!Value.Check(schema, result.body))
      throw new PlatformError("ambiguous", { detail: "the answer has another shape" });
    return result.body;
  }
}

type Run = (sdk: Sdk) => PromiseLike<unknown>;

const inboxOf = (answer: Static<typeof InboxAnswer>): Inbox => ({
  inboxId: answer.inbox_id,
  clientId: answer.client_id,
  metadata: answer.metadata ?? {},
  createdAt: new Date(answer.created_at),
});

const keyOf = (answer: Static<typeof KeyAnswer>): InboxKey => ({
  apiKeyId: answer.api_key_id,
  name: answer.name,
  inboxId: answer.inbox_id,
  createdAt: new Date(answer.created_at),
});

/** All items of a list that goes on until a page has no token, though a page on the way may be empty. */
async function everyPage<Item>(
  read: (page: { limit: number; pageToken?: string }) => Promise<{ items: Item[]; next: string | undefined }>,
): Promise<Item[]> {
  const found: Item[] = [];
  let pageToken: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { items, next } = await read({
      limit: PAGE_SIZE,
      ...(pageToken === undefined ? {} : { pageToken }),
    });
    found.push(...items);
    if (next === undefined) return found;
    pageToken = next;
  }
  throw new PlatformError("transient", { detail: "the list does not end" });
}
