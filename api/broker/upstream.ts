import { classifyFailure } from "../../activities/resources/network-failure.ts";
import { PlatformError } from "../../domain/errors.ts";
import { LIMITS } from "../../domain/limits.ts";

const TIMEOUT_MS = 15_000;

export interface UpstreamRequest {
  readonly method: string;
  readonly url: string;
  /** The one header with the credential. */
  readonly credential: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * Sends one request to a provider, once. Throws `throttled` and `transient` when nothing was sent, `ambiguous` when it
 * was and no usable answer tells what became of it.
 */
export async function askProvider(
  fetch: typeof globalThis.fetch,
  { method, url, credential, body }: UpstreamRequest,
): Promise<UpstreamAnswer> {
  try {
    const response = await fetch(url, {
      method,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...credential,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await readText(response);
    // A page of something between us and the provider tells nothing, and may tell too much.
    if (!isJson(text)) throw new PlatformError("ambiguous", { detail: "the provider's answer is not JSON" });
    return { status: response.status, headers: response.headers, text };
  } catch (error) {
    throw classifyFailure(error);
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > LIMITS.brokerAnswerMaxBytes)
      throw new PlatformError("ambiguous", { detail: "the provider's answer is too large" });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // The parser's message would quote the answer.
    return false;
  }
}
