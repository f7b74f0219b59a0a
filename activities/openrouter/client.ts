import { type Static, Type } from "typebox";
import { PlatformError } from "../../domain/errors.ts";
import { type JsonRequest, parseAnswer, requestJson } from "../resources/request-json.ts";
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
    const { data, key } = parseAnswer(CreatedKey, await this.#call("POST", "/keys", body));
    return { key: data, secret: key };
  }

  /** All keys whose name starts with the prefix, disabled ones too. Names are not unique at the provider. */
  async listKeys(namePrefix: string): Promise<Key[]> {
    const found: Key[] = [];
    for (let page = 0, offset = 0; page < MAX_PAGES; page++) {
      const { data } = parseAnswer(
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
    return answer === undefined ? undefined : parseAnswer(OneKey, answer).data;
  }

  async updateKey(hash: string, change: { disabled?: boolean; limit?: number }): Promise<void> {
    await this.#call("PATCH", `/keys/${encodeURIComponent(hash)}`, change, true);
  }

  /** Makes the key absent: one that is gone already is a success. */
  async deleteKey(hash: string): Promise<void> {
    await this.#call("DELETE", `/keys/${encodeURIComponent(hash)}`, undefined, true);
  }

  #call(
    method: JsonRequest["method"],
    path: string,
    body?: unknown,
    absentIsUndefined = false,
  ): Promise<unknown> {
    return requestJson(this.#fetch, classifyStatus, {
      method,
      url: `${this.#baseUrl}${path}`,
      credential: { authorization: `Bearer ${this.#managementKey}` },
      body,
      absentIsUndefined,
    });
  }
}
