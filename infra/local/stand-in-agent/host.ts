/**
 * A process that hosts stand-in agents (`host-server.ts`). `PORT` (default any free one); `BOOT_DELAY_MS`, `MISBEHAVE`
 * and `DEFAULT_AGENT_NAME` hold for every agent whose launch does not say otherwise. Prints `{"listening": port}`.
 */
import { startStandInHost } from "./host-server.ts";

const host = await startStandInHost({ port: Number(process.env.PORT ?? 0), environment: process.env });
process.once("SIGTERM", () => void host.close().then(() => process.exit(0)));
process.stdout.write(`${JSON.stringify({ listening: host.port })}\n`);
