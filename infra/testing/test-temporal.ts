import { freePort } from "../local/free-port.ts";
import { findTemporal } from "../local/temporal/find.ts";
import { startTemporal } from "../local/temporal.ts";
import { KillableServer } from "./killable-server.ts";
import { PROMPT_TIMERS, SkippingProxy } from "./skipping-proxy.ts";

export interface TestTemporal {
  /** `host:port` for clients and workers: the server's own, or that of the proxy before it. */
  readonly address: string;
  readonly server: KillableServer;
  /** When it skips time. */
  readonly time: SkippingProxy | undefined;
  stop(): Promise<void>;
}

/** A Temporal of the test's own, on an ephemeral port and in a folder that the caller removes. */
export async function startTestTemporal(dir: string, skipsTime = false): Promise<TestTemporal> {
  const cli = await findTemporal({ env: process.env, note: (text) => console.error(text) });
  if (cli.kind !== "cli")
    throw new Error("these tests start a Temporal of their own: unset TEMPORAL_ADDRESS");
  const options = {
    cli,
    dir,
    port: await freePort(),
    headless: true,
    ...(skipsTime ? { dynamicConfig: PROMPT_TIMERS } : {}),
    log: () => undefined,
  };
  const running = await startTemporal(options);
  const server = await KillableServer.of("temporal", running, () => startTemporal(options));
  const time = skipsTime ? await SkippingProxy.start(running.address) : undefined;
  return {
    address: time?.address ?? running.address,
    server,
    time,
    stop: async () => {
      await time?.close();
      await server.stop();
    },
  };
}
