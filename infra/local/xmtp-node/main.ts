import { parseArgs } from "node:util";
import { logEvent } from "./log-event.ts";
import { startXmtpNode, type XmtpNodeOptions } from "./node.ts";

const USAGE =
  "usage: node infra/local/xmtp-node/main.ts [--port N] [--control-port N] [--data FOLDER] [--exit-with-parent]";
const DEFAULT_PORT = 5556;
const EXIT_USAGE = 2;

interface CommandLine {
  readonly node: XmtpNodeOptions;
  readonly exitWithParent: boolean;
}

/** Throws on an unknown flag or a port that is none. */
function readCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: "string", default: String(DEFAULT_PORT) },
      "control-port": { type: "string", default: "0" },
      data: { type: "string" },
      "exit-with-parent": { type: "boolean", default: false },
    },
  });
  const ports = { port: readPort(values.port), controlPort: readPort(values["control-port"]) };
  const node = values.data === undefined ? ports : { ...ports, dataDir: values.data };
  return { node, exitWithParent: values["exit-with-parent"] };
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new RangeError(`not a port: ${text}`);
  return port;
}

async function main(commandLine: CommandLine): Promise<void> {
  const node = await startXmtpNode(commandLine.node);
  const stop = (): void => {
    node.close().then(
      () => process.exit(0),
      (error: unknown) => exitWith(1, error),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  if (commandLine.exitWithParent) process.stdin.on("close", stop).resume();
  process.stdout.write(`${JSON.stringify({ ready: true, url: node.url, controlUrl: node.controlUrl })}\n`);
}

function exitWith(code: number, error: unknown): never {
  logEvent("exit", { error: error instanceof Error ? error.message : String(error) });
  process.exit(code);
}

let commandLine: CommandLine;
try {
  commandLine = readCommandLine(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${USAGE}\n`);
  exitWith(EXIT_USAGE, error);
}
main(commandLine).catch((error: unknown) => exitWith(1, error));
