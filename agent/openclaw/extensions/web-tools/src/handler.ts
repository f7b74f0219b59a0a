import type { IncomingMessage, ServerResponse } from "node:http";
import type { Asset } from "./assets.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

/**
 * Answers every request below our path. The path is looked up as it was sent, never decoded or normalised: whatever
 * is not literally in the table is not found.
 */
export const createHandler =
  (assets: ReadonlyMap<string, Asset>) =>
  (request: IncomingMessage, response: ServerResponse): true => {
    const { method } = request;
    if (method !== "GET" && method !== "HEAD") {
      return sendText(request, response, 405, "Only GET and HEAD are allowed here.", { allow: "GET, HEAD" });
    }
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    const asset = assets.get(path);
    if (asset === undefined) {
      const withoutSlash = path.replace(/\/$/, "");
      return assets.has(withoutSlash)
        ? sendText(request, response, 308, "Moved.", { location: withoutSlash })
        : sendText(request, response, 404, "There is nothing here.");
    }
    if (asset.etag !== "" && request.headers["if-none-match"] === asset.etag) {
      response.writeHead(304, asset.headers).end();
      return true;
    }
    response.writeHead(200, { ...asset.headers, "content-length": asset.body.length });
    response.end(method === "HEAD" ? undefined : asset.body);
    return true;
  };

function sendText(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): true {
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    ...headers,
    "cache-control": "no-store",
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(text),
  });
  response.end(request.method === "HEAD" ? undefined : text);
  return true;
}
