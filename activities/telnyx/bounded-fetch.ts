import { PlatformError } from "../../domain/errors.ts";
import { classifyFailure } from "../resources/network-failure.ts";

const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

type Fetch = typeof globalThis.fetch;

/**
 * Reads every answer to its end, at most 2 MiB, before the SDK sees it: the SDK's own time-out ends with the headers.
 * Fails with a `PlatformError`, which the SDK passes on as the cause of its connection error.
 */
export function boundedFetch(fetch: Fetch): Fetch {
  return async (input, init) => {
    try {
      const response = await fetch(input, init);
      const text = await readText(response);
      const contentType = response.headers.get("content-type");
      const headers = new Headers(response.headers);
      // They describe the bytes on the wire, which are decoded by now.
      for (const name of ["content-encoding", "content-length"]) headers.delete(name);
      if (contentType === null) headers.set("content-type", "text/plain");
      return new Response(text === "" ? null : text, { status: response.status, headers });
    } catch (error) {
      throw classifyFailure(error);
    }
  };
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new PlatformError("ambiguous", { detail: "the answer is too large" });
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
