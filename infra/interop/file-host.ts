import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";

export interface FileHost {
  readonly url: string;
  readonly apiKey: string;
  /** What is kept, by path. */
  readonly files: Map<string, Buffer>;
  /** Keeps a file and returns its address. */
  put(bytes: Uint8Array): string;
  close(): Promise<void>;
}

/** The part of Convos's backend where a client that holds a key puts encrypted files, for everyone to fetch. */
export async function startFileHost(): Promise<FileHost> {
  const files = new Map<string, Buffer>();
  const apiKey = randomBytes(16).toString("hex");
  const newPath = (): string => `/files/${randomBytes(16).toString("hex")}`;
  const server = createServer(async (request, response) => {
    const { method, url: path = "" } = request;
    if (method === "GET" && path === "/v2/agents/assets/presigned") {
      if (request.headers["x-agent-api-key"] !== apiKey) return response.writeHead(401).end();
      const address = `${host.url}${newPath()}`;
      return response.end(JSON.stringify({ objectKey: address, uploadUrl: address, assetUrl: address }));
    }
    if (method === "PUT" && path.startsWith("/files/")) {
      files.set(path, await buffer(request));
      return response.end();
    }
    const found = method === "GET" ? files.get(path) : undefined;
    return found === undefined ? response.writeHead(404).end() : response.end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const host: FileHost = {
    url: `http://127.0.0.1:${address.port}`,
    apiKey,
    files,
    put: (bytes) => {
      const path = newPath();
      files.set(path, Buffer.from(bytes));
      return `${host.url}${path}`;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return host;
}
