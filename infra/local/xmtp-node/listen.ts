import { once } from "node:events";
import type { Server } from "node:net";
import { logEvent } from "./log-event.ts";

export const LOOPBACK = "127.0.0.1";

/** Listens on 127.0.0.1 only and resolves to the port taken, which matters for port 0. Rejects when it is taken. */
export async function listenOnLoopback(server: Server, port: number): Promise<number> {
  server.listen(port, LOOPBACK);
  await once(server, "listening");
  // From here on a connection that cannot be taken, for want of descriptors say, must not end the node.
  server.on("error", (error) => logEvent("accept-error", { error: error.message }));
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("the server has no port");
  return address.port;
}
