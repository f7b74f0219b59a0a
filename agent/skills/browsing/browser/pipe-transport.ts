import type { Readable, Writable } from "node:stream";
import type { ConnectionTransport } from "puppeteer-core";

/**
 * Speaks the DevTools protocol over two pipes: no port, which anything else on the machine could use. What a page makes the
 * browser say to us is not trusted: a message longer than `maxBytes` ends the conversation.
 */
export function createPipeTransport(
  to: Writable,
  from: Readable,
  maxBytes: number,
  onTooLong: () => void,
): ConnectionTransport {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let isOpen = true;

  const transport: ConnectionTransport = {
    send: (message) => {
      if (isOpen) to.write(`${message}\0`);
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      from.destroy();
      to.destroy();
      transport.onclose?.();
    },
  };
  const dispatch = (message: string): void => {
    // One at a time, so that what awaits one of them goes on before the next.
    setImmediate(() => transport.onmessage?.(message));
  };
  from.on("data", (chunk: Buffer) => {
    let start = 0;
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, start)) {
      dispatch(Buffer.concat([...pending, chunk.subarray(start, end)]).toString("utf8"));
      pending = [];
      pendingBytes = 0;
      start = end + 1;
    }
    pending.push(chunk.subarray(start));
    pendingBytes += chunk.length - start;
    if (pendingBytes > maxBytes) {
      pending = [];
      transport.close();
      onTooLong();
    }
  });
  from.once("close", () => transport.close());
  // The browser has ended; how, is seen where its process is watched.
  from.on("error", () => transport.close());
  to.on("error", () => transport.close());
  return transport;
}
