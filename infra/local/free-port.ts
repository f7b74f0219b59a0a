import { createServer } from "node:net";

const LOOPBACK = "127.0.0.1";

/** A TCP port of 127.0.0.1 that was free a moment ago. Whoever binds it must still cope with losing the race. */
export function freePort(): Promise<number> {
  return listenOnce(0);
}

/** True when nobody listens on `127.0.0.1:port` and we may. */
export async function isPortFree(port: number): Promise<boolean> {
  try {
    await listenOnce(port);
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE" || code === "EACCES") return false;
    throw error;
  }
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      const address = server.address();
      server.close((error) => {
        if (error) reject(error);
        else if (address === null || typeof address === "string") reject(new Error("no TCP address"));
        else resolve(address.port);
      });
    });
  });
}
