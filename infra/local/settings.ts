import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { ConfigError } from "../config/environment.ts";
import { SETTING_NAMES } from "./settings-schema.ts";

/** Names and values as in the environment; an empty value counts as not set. */
export type Settings = Readonly<Record<string, string>>;

/**
 * The file `.env` of the repository below the process's own environment, which is shared with other programs.
 * Throws a ConfigError for a name in the file that nothing reads.
 */
export async function readSettings(root: string, environment: NodeJS.ProcessEnv): Promise<Settings> {
  const text = await readFile(join(root, ".env"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const file = parseEnv(text);
  const unknown = Object.keys(file).filter((name) => !SETTING_NAMES.has(name));
  if (unknown.length > 0)
    throw new ConfigError(
      ".env",
      unknown.map((name) => `${name} is unknown`),
    );
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...file, ...environment })) {
    if (value !== undefined && value !== "") settings[name] = value;
  }
  return settings;
}

/** The networks an agent can be on; `local` is the node that this stack runs. */
const XMTP_NETWORKS = ["local", "dev", "production"] as const;
export type XmtpNetwork = (typeof XMTP_NETWORKS)[number];

/** Throws for a network that does not exist. */
export function xmtpNetwork(settings: Settings): XmtpNetwork {
  const asked = settings.XMTP_ENV ?? "local";
  const found = XMTP_NETWORKS.find((network) => network === asked);
  if (!found) throw new Error(`XMTP_ENV is "${asked}"; it must be one of ${XMTP_NETWORKS.join(", ")}`);
  return found;
}
