import { PlatformError } from "../../domain/errors.ts";
import { classifyFailure } from "../resources/network-failure.ts";
import { classifyAnswer, type SeenAnswer } from "./classify.ts";

export const REQUEST_TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;
/** How the provider names a 404; bodies of old carry the second and no code. */
const ABSENCES = new Set(["not_found", "NotFoundError"]);
/** What the SDK is given instead of the answer: a failure without a body, which it does not retry. */
const NOTHING_TO_READ = 599;

/**
 * One request of the SDK as it went over the wire. The SDK makes the request; the answer is taken from here, because
 * the SDK writes values that it does not expect to the console, repeats bodies in its errors, drops the cause of a
 * failure, takes a page of a proxy with status 200 for an answer, and times only the head.
 */
export class Exchange {
  readonly #fetch: typeof globalThis.fetch;
  readonly #deadline: AbortSignal;
  #failure: unknown;
  #answer: (SeenAnswer & { text: string; name: string | undefined }) | undefined;

  constructor(fetch: typeof globalThis.fetch, deadline: AbortSignal) {
    this.#fetch = fetch;
    this.#deadline = deadline;
  }

  /** The fetch of the SDK: the whole answer within 15 s and the deadline, at most 2 MiB. */
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(REQUEST_TIMEOUT_MS), this.#deadline]);
      const response = await this.#fetch(input, { ...init, signal });
      const { status, headers } = response;
      const text = await readText(response);
      this.#answer = { status, headers, text, ...errorOf(text) };
      return new Response(null, { status: NOTHING_TO_READ });
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  };

  /**
   * What was answered, or undefined when the provider itself says that there is no such thing: a proxy's 404 is of
   * another form. Throws what the exchange failed with.
   */
  result(): { body: unknown } | undefined {
    if (!this.#answer) throw classifyFailure(this.#failure);
    const { status, text, code, name } = this.#answer;
    if (status === 404 && ABSENCES.has(code ?? name ?? "")) return undefined;
    if (status < 200 || status > 299) throw classifyAnswer(this.#answer);
    return { body: parsed(text) };
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new PlatformError("ambiguous", { detail: "the answer is too large" });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Code and name of an error body; nothing that could be a value somebody sent. */
function errorOf(text: string): { code: string | undefined; name: string | undefined } {
  const body = parsed(text);
  if (typeof body !== "object" || body === null) return { code: undefined, name: undefined };
  return {
    code: "code" in body ? word(body.code) : undefined,
    name: "name" in body ? word(body.name) : undefined,
  };
}

/** Undefined when there is nothing or it is not JSON. */
function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    // A page of a proxy, or half an answer: no shape fits it.
    return undefined;
  }
}

const word = (value: unknown): string | undefined =>
  typeof value === "string" && /^[A-Za-z_]{1,40}$/.test(value) ? value : undefined;
