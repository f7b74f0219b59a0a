import { parseArgs } from "node:util";
import { logEvent } from "./log-event.ts";
import { startXmtpNode, type XmtpNodeOptions } from "./node.ts";

const USAGE = "usage: node infra/local/xmtp-node/main.ts [--port N] [--control-port N] [--data FOLDER]";
const DEFAULT_PORT = 5556;
const EXIT_USAGE = 2;

/** Throws on an unknown flag or a port that is none. */
function readCommandLine(args: readonly string[]): XmtpNodeOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: "string", default: String(DEFAULT_PORT) },
      "control-port": { type: "string", default: "0" },
      data: { type: "string" },
    },
  });
  const ports = { port: readPort(values.port), controlPort: readPort(values["control-port"]) };
  return values.data === undefined ? ports : { ...ports, dataDir: values.data };
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new RangeError(`not a port: ${text}`);
  return port;
}

async function main(options: XmtpNodeOptions): Promise<void> {
  const node = await startXmtpNode(options);
  const stop = (): void => {
    node.close().then(
      () => process.exit(0),
      (error: unknown) => exitWith(1, error),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.stdout.write(`${JSON.stringify({ ready: true, url: node.url, controlUrl: node.controlUrl })}\n`);
}

function exitWith(code: number, error: unknown): never {
  logEvent("exit", { error: error instanceof Error ? error.message : String(error) });
  process.exit(code);
}

let options: XmtpNodeOptions;
try {
  options = readCommandLine(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${USAGE}\n`);
  exitWith(EXIT_USAGE, error);
}
main(options).catch((error: unknown) => exitWith(1, error));
