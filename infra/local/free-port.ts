import { randomInt } from "node:crypto";
import { createServer } from "node:net";

const LOOPBACK = "127.0.0.1";
/** Below those that Linux (from 32,768) and others give to outgoing connections and to whoever asks for any. */
const FIRST = 20_000;
const END = 32_768;
const TRIES = 100;

/** A TCP port of 127.0.0.1 that was free a moment ago. Whoever binds it must still cope with losing the race. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(FIRST, END);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`no free port from ${FIRST} to ${END - 1}`);
}

/** True when nobody listens on `127.0.0.1:port` and we may. */
export async function isPortFree(port: number): Promise<boolean> {
  try {
    await bindOnce(port);
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE" || code === "EACCES") return false;
    throw error;
  }
}

function bindOnce(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      server.close((error) => (error ? reject(error) : resolve()));
    });
  });
}
