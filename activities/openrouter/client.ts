import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { PlatformError } from "../../domain/errors.ts";
import { classifyFailure } from "../resources/network-failure.ts";
import { classifyStatus } from "./classify.ts";

/** The fields that this platform reads; the provider sends more and may add others. */
const Key = Type.Object({
  hash: Type.String(),
  name: Type.String(),
  disabled: Type.Boolean(),
  limit: Type.Union([Type.Number(), Type.Null()]),
  usage: Type.Number(),
});
export type Key = Static<typeof Key>;
const OneKey = Type.Object({ data: Key });
const KeyPage = Type.Object({ data: Type.Array(Key) });
const CreatedKey = Type.Object({ data: Key, key: Type.String({ minLength: 1 }) });

const REQUEST_TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;
const MAX_PAGES = 200;

/**
 * The key management API of OpenRouter. No call retries: after any failure the next attempt starts with a look-up.
 * Source: provider document "Provisioning API keys".
 */
export class OpenRouterClient {
  readonly #baseUrl: string;
  readonly #managementKey: string;
  readonly #fetch: typeof globalThis.fetch;

  /** Every request goes through `fetch`; the global one when not given. */
  constructor(options: { baseUrl: string; managementKey: string; fetch?: typeof globalThis.fetch }) {
    this.#baseUrl = options.baseUrl.replace(/\/$/, "");
    this.#managementKey = options.managementKey;
    this.#fetch = options.fetch ?? globalThis.fetch;
  }

  /** Makes a key with an absolute limit in US dollars that never resets. Its secret is in this answer only. */
  async createKey(name: string, limitUsd: number): Promise<{ key: Key; secret: string }> {
    const body = { name, limit: limitUsd, limit_reset: null };
    const { data, key } = parse(CreatedKey, await this.#call("POST", "/keys", body));
    return { key: data, secret: key };
  }

  /** All keys whose name starts with the prefix, disabled ones too. Names are not unique at the provider. */
  async listKeys(namePrefix: string): Promise<Key[]> {
    const found: Key[] = [];
    for (let page = 0, offset = 0; page < MAX_PAGES; page++) {
      const { data } = parse(
        KeyPage,
        await this.#call("GET", `/keys?include_disabled=true&offset=${offset}`),
      );
      if (data.length === 0) return found;
      found.push(...data.filter((key) => key.name.startsWith(namePrefix)));
      offset += data.length;
    }
    throw new PlatformError("transient", { detail: "the key list does not end" });
  }

  /** The key, or undefined when the provider says that there is none. */
  async findKey(hash: string): Promise<Key | undefined> {
    const answer = await this.#call("GET", `/keys/${encodeURIComponent(hash)}`, undefined, true);
    return answer === undefined ? undefined : parse(OneKey, answer).data;
  }

  async updateKey(hash: string, change: { disabled?: boolean; limit?: number }): Promise<void> {
    await this.#call("PATCH", `/keys/${encodeURIComponent(hash)}`, change, true);
  }

  /** Makes the key absent: one that is gone already is a success. */
  async deleteKey(hash: string): Promise<void> {
    await this.#call("DELETE", `/keys/${encodeURIComponent(hash)}`, undefined, true);
  }

  async #call(method: string, path: string, body?: unknown, absentIsUndefined = false): Promise<unknown> {
    let response: Response;
    let text: string;
    try {
      response = await this.#fetch(`${this.#baseUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#managementKey}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      text = await response.text();
    } catch (error) {
      throw classifyFailure(error);
    }
    if (response.status === 404 && absentIsUndefined) return undefined;
    if (!response.ok) throw classifyStatus(response);
    if (text.length > MAX_ANSWER_BYTES)
      throw new PlatformError("ambiguous", { detail: "the answer is too large" });
    try {
      return JSON.parse(text);
    } catch {
      // A page of a proxy in front of the provider: nothing is known about the effect.
      throw new PlatformError("ambiguous", { detail: "the answer is not JSON" });
    }
  }
}

function parse<Schema extends typeof OneKey | typeof KeyPage | typeof CreatedKey>(
  schema: Schema,
  answer: unknown,
): Static<Schema> {
  if (!Value.Check(schema, answer))
    throw new PlatformError("ambiguous", { detail: "the answer has another shape" });
  return answer;
}
