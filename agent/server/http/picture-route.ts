import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { sendProblem } from "../pool/problem.ts";
import { openPicture } from "../state/picture-file.ts";

/** Where the members' clients fetch the agent's picture, followed by its name. */
export const PICTURES_PATH = "/pictures/";

/** Anybody may ask, so they share less than the listener's connections and time. */
const MAX_AT_ONCE = 64;
const SEND_TIMEOUT_MS = 60_000;

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * The agent's picture, open to whoever knows its name: what is served is sealed, and only members have the key.
 * There is no list of them.
 */
export function createPictureRoute(folder: string): (path: string, method: string) => Handler | undefined {
  let serving = 0;
  const serve = async (id: string, isHead: boolean, response: ServerResponse): Promise<void> => {
    const file = await openPicture(folder, id);
    if (file === undefined) return sendProblem(response, "not-found");
    try {
      response.writeHead(200, {
        "content-type": "application/octet-stream",
        "content-length": (await file.stat()).size,
        "cache-control": "public, max-age=86400, immutable",
        "x-content-type-options": "nosniff",
      });
      if (isHead) response.end();
      else
        await pipeline(file.createReadStream(), response, { signal: AbortSignal.timeout(SEND_TIMEOUT_MS) });
    } catch (error) {
      if (!isReaderGone(error)) throw error;
    } finally {
      await file.close();
    }
  };
  return (path, method) => {
    if (!path.startsWith(PICTURES_PATH) || (method !== "GET" && method !== "HEAD")) return undefined;
    return async (_request, response) => {
      if (serving >= MAX_AT_ONCE) return sendProblem(response, "busy");
      serving += 1;
      try {
        await serve(path.slice(PICTURES_PATH.length), method === "HEAD", response);
      } finally {
        serving -= 1;
      }
    };
  };
}

/** Who asked has hung up or takes too long, which is no fault of ours. The response is destroyed by then. */
const isReaderGone = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === "AbortError" || ("code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE"));
