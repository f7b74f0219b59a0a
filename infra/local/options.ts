import { resolve } from "node:path";
import { parseArgs } from "node:util";

export const USAGE = `Runs the whole platform on this machine. Ctrl-C stops it; its state survives.

usage: npm start -- [options]

  --fresh          drop the state of earlier runs first
  --pool N         how many idle agents to keep ready (default as before, at first 1; at most 50)
  --state DIR      where the state lives (default .local); one stack per folder
  --port N         the gateway (default 8787, or any free one when that is taken)
  --ui-port N      the Temporal Web UI (default 8233, likewise)
  --xmtp-port N    the local XMTP node (default 5556, where XMTP clients expect the network "local")
  --headless       without the Temporal Web UI
  --json           one line of JSON instead of the closing banner
  --help           this text
`;

export const DEFAULT_PORTS = { gateway: 8787, temporalUi: 8233, xmtp: 5556, temporal: 7233 } as const;
/** Of a pool that is made without `--pool`. */
export const DEFAULT_POOL = 1;
const MAX_POOL = 50;

export type LocalOptions = {
  readonly fresh: boolean;
  /** Undefined: the pool keeps its target. */
  readonly pool: number | undefined;
  /** Absolute. */
  readonly stateDir: string;
  /** Undefined: the default port, or a free one. A port that was asked for must be had. */
  readonly gatewayPort: number | undefined;
  readonly uiPort: number | undefined;
  readonly xmtpPort: number | undefined;
  readonly headless: boolean;
  readonly json: boolean;
  readonly help: boolean;
};

/** A wrong command line, in a sentence for the person who typed it. */
export class OptionsError extends Error {
  override readonly name = "OptionsError";
}

/** Throws `OptionsError` for anything unknown or out of range. A relative `--state` is taken from `root`. */
export function parseOptions(args: readonly string[], root: string): LocalOptions {
  const values = parse(args);
  return {
    fresh: values.fresh,
    pool: integer("--pool", values.pool, 0, MAX_POOL),
    stateDir: resolve(root, values.state),
    gatewayPort: integer("--port", values.port, 1, 65_535),
    uiPort: integer("--ui-port", values["ui-port"], 1, 65_535),
    xmtpPort: integer("--xmtp-port", values["xmtp-port"], 1, 65_535),
    headless: values.headless,
    json: values.json,
    help: values.help,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        fresh: { type: "boolean", default: false },
        pool: { type: "string" },
        state: { type: "string", default: ".local" },
        port: { type: "string" },
        "ui-port": { type: "string" },
        "xmtp-port": { type: "string" },
        headless: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new OptionsError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function integer(
  flag: string,
  text: string | undefined,
  minimum: number,
  maximum: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < minimum || value > maximum) {
    throw new OptionsError(`${flag} takes a whole number from ${minimum} to ${maximum}, not "${text}"`);
  }
  return value;
}
