import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface FileServer {
  origin: string;
  port: number;
  close(): Promise<void>;
}

/** Serves on a port of its own on 127.0.0.1, over TLS when it has a certificate. */
export async function startFileServer(
  listener: RequestListener,
  certificate?: { key: string; cert: string },
): Promise<FileServer> {
  const server: Server =
    certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `${certificate === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
