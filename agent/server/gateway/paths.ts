import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folders of one agent's gateway below its state folder. */
export interface GatewayPaths {
  /** Ours: the gateway may pass through it and read `configFile` and `extensionsDir`, not write. */
  root: string;
  configFile: string;
  extensionsDir: string;
  /** Notes which process runs, so that one left over by a crash is found. */
  processFile: string;
  /** The last lines that a gateway wrote before it ended; not for its eyes. */
  consoleFile: string;
  /** The gateway's own. */
  homeDir: string;
  tmpDir: string;
  stateDir: string;
  workspaceDir: string;
  logFile: string;
}

export const gatewayPaths = (root: string): GatewayPaths => ({
  root,
  configFile: join(root, "openclaw.json"),
  extensionsDir: join(root, "extensions"),
  processFile: join(root, "process.json"),
  consoleFile: join(root, "console.log"),
  homeDir: join(root, "home"),
  tmpDir: join(root, "tmp"),
  stateDir: join(root, "state"),
  workspaceDir: join(root, "workspace"),
  logFile: join(root, "home", "gateway.log"),
});

/** The folder of this package. */
export const AGENT_DIR = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Where the files that are copied for a gateway come from. */
export const TEMPLATE_DIR = fileURLToPath(new URL("../../openclaw", import.meta.url));

/** The start file of the installed openclaw package. */
export const openclawEntry = (): string =>
  join(dirname(fileURLToPath(import.meta.resolve("openclaw"))), "..", "openclaw.mjs");

/** The QR encoder as browsers load it: one ES module that imports nothing. */
export const qrEncoderFile = (): string => fileURLToPath(import.meta.resolve("uqr"));
