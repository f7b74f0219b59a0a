import type { Server } from "node:http";

/** Closes connections beyond so many of one remote address, so that nobody alone takes all that the server has. */
export function limitPerAddress(server: Server, maxConnections: number): void {
  const open = new Map<string, number>();
  server.on("connection", (socket) => {
    const address = socket.remoteAddress;
    // It is gone already.
    if (address === undefined) return void socket.destroy();
    const count = open.get(address) ?? 0;
    if (count >= maxConnections) return void socket.destroy();
    open.set(address, count + 1);
    socket.once("close", () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
}
