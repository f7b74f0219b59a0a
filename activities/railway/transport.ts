import { type Static, type TSchema, Type } from "typebox";
import { Value } from "typebox/value";
import { PlatformError } from "../../domain/errors.ts";
import { classifyFailure } from "../resources/network-failure.ts";
import { classifyMessage, classifyResponse } from "./classify.ts";

const REQUEST_TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

const Envelope = Type.Object({
  data: Type.Optional(Type.Unknown()),
  errors: Type.Optional(Type.Array(Type.Object({ message: Type.String() }))),
});

export interface TransportOptions {
  /** The GraphQL endpoint. */
  url: string;
  /** A workspace token. */
  token: string;
  /** Every request goes through it; the global one when not given. */
  fetch?: typeof globalThis.fetch;
}

/** Sends documents and parses answers. No request is repeated. */
export class Transport {
  readonly #url: string;
  readonly #token: string;
  readonly #fetch: typeof globalThis.fetch;

  constructor({ url, token, fetch }: TransportOptions) {
    this.#url = url;
    this.#token = token;
    this.#fetch = fetch ?? globalThis.fetch;
  }

  async send<Schema extends TSchema>(
    schema: Schema,
    query: string,
    variables: Record<string, unknown> = {},
  ): Promise<Static<Schema>> {
    const { response, text } = await this.#post(JSON.stringify({ query, variables }));
    // The text comes first: a proxy answers with pages of any status.
    const envelope = parseJson(text);
    if (!response.ok || envelope === undefined)
      throw classifyResponse(response.status, response.headers, text);
    if (!Value.Check(Envelope, envelope))
      throw new PlatformError("ambiguous", { detail: "the answer is not a GraphQL answer" });
    const [failure] = envelope.errors ?? [];
    if (failure !== undefined) throw classifyMessage(failure.message);
    if (!Value.Check(schema, envelope.data))
      throw new PlatformError("ambiguous", { detail: "the answer has another shape" });
    return envelope.data;
  }

  async #post(body: string): Promise<{ response: Response; text: string }> {
    try {
      const response = await this.#fetch(this.#url, {
        method: "POST",
        headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
        body,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      return { response, text: await readLimited(response) };
    } catch (error) {
      throw classifyFailure(error);
    }
  }
}

async function readLimited(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new PlatformError("ambiguous", { detail: "the answer is too large" });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The error would quote the answer, and says no more than that it is not JSON.
    return undefined;
  }
}
