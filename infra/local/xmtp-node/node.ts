import { type ControlServer, serveControl } from "./control-server.ts";
import { Faults } from "./faults.ts";
import { serveGrpc } from "./grpc-server.ts";
import { LOOPBACK } from "./listen.ts";
import { methodName, methodsOf } from "./methods.ts";
import { Store } from "./store.ts";

export interface XmtpNodeOptions {
  /** Of the gRPC API; 0, any free one, unless given. */
  readonly port?: number;
  /** Of the HTTP/1 control API; 0, any free one, unless given. */
  readonly controlPort?: number;
  /** A folder, made when absent, in which the node keeps its data; without it they are lost when it closes. */
  readonly dataDir?: string;
}

export interface XmtpNode {
  /** What clients are given: `{ env: "local", apiUrl: url }`. */
  readonly url: string;
  readonly port: number;
  readonly controlUrl: string;
  readonly faults: Faults;
  /** How often each method was called, by its name, since the start; those that a fault made fail as well. */
  readonly calls: ReadonlyMap<string, number>;
  /** Ends all calls and connections, then closes the data. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts an XMTP v3 node (identity and MLS API) on 127.0.0.1 for real XMTP clients. It checks no signature and ends
 * no message's life. Rejects when a port is taken or another node has `dataDir` open.
 */
export async function startXmtpNode(options: XmtpNodeOptions = {}): Promise<XmtpNode> {
  await using started = new AsyncDisposableStack();
  const store = started.adopt(new Store(options.dataDir), (opened) => opened.close());
  const methods = methodsOf(store);
  const faults = new Faults(Object.keys(methods).map(methodName));
  const calls = new Map<string, number>();
  const observer = {
    before(path: string, signal: AbortSignal): Promise<void> {
      const method = methodName(path);
      calls.set(method, (calls.get(method) ?? 0) + 1);
      return faults.apply(method, "before", signal);
    },
    after: (path: string, signal: AbortSignal): Promise<void> =>
      faults.apply(methodName(path), "after", signal),
  };
  const grpc = started.adopt(await serveGrpc(methods, observer, options.port ?? 0), (server) =>
    server.close(),
  );
  const state = () => ({ ...store.counts(), calls: Object.fromEntries(calls), faults: faults.list() });
  const control: ControlServer = started.adopt(
    await serveControl({ state, faults }, options.controlPort ?? 0),
    (server) => server.close(),
  );
  const running = started.move();
  let closing: Promise<void> | undefined;
  return {
    url: `http://${LOOPBACK}:${grpc.port}`,
    port: grpc.port,
    controlUrl: `http://${LOOPBACK}:${control.port}`,
    faults,
    calls,
    close: () => {
      closing ??= running.disposeAsync();
      return closing;
    },
  };
}
