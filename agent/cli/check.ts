import { existsSync, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ConfigError } from "../server/config.ts";
import { gatewayPaths, openclawEntry } from "../server/gateway/paths.ts";
import { SecretsError } from "../server/secrets.ts";
import { StateLockedError } from "../server/state/database.ts";
import { statePaths } from "../server/state/paths.ts";
import { agentVersions } from "../server/versions.ts";
import { skillsBySettings, skillsOfAgent } from "./check-skills.ts";
import { type Command, type Context, EXIT } from "./command.ts";
import { EnvFile } from "./env-file.ts";
import { COMMON_USAGE, parseOptions } from "./options.ts";
import { agentConfig, agentSecrets, placesOf, readSettings, type Settings } from "./settings.ts";
import { withStateFolder } from "./state-folder.ts";
import { validateOpenclawConfig } from "./validate-config.ts";

export const check: Command = {
  summary: "say what is configured, what is missing and why",
  usage: `usage: check [options]

Looks at settings, secrets, openclaw, the state folder and openclaw.json, and says of every skill whether it is configured and, if not, why. Changes nothing.

  --agent URL       ask a running agent of this machine, whose skills prove themselves; only that

${COMMON_USAGE}`,
  async run(context) {
    const { values, envFile } = parseOptions(context, { agent: { type: "string" } });
    return values.agent === undefined
      ? checkAgent(context, new EnvFile(envFile))
      : tell(context, await skillsOfAgent(values.agent));
  },
};

/** `off`: the agent runs without it. `broken`: it does not run, or not well. */
type State = "ok" | "off" | "broken";
interface Finding {
  part: string;
  state: State;
  detail: string;
}

const SIGNS: Readonly<Record<State, string>> = { ok: "✓", off: "–", broken: "✗" };
const OTHERS_MAY_READ = 0o066;
const OTHERS_MAY_ANYTHING = 0o077;
/** Left by openclaw until its first start has completed its installation. */
const PENDING_FILE = ".openclaw-lifecycle-pending";

/** Resolves to the exit code: 78 when the settings are unusable, 1 when something else is broken. */
export async function checkAgent(context: Context, file: EnvFile): Promise<number> {
  const settings = readSettings(file, context.env);
  const setup = [settingsOf(settings), secretsOf(settings), fileOf(file)];
  const findings = [
    ...setup,
    { part: "node", state: "ok" as const, detail: process.version },
    openclawInstallation(),
    ...(await stateOf(settings)),
    ...skillsBySettings(settings),
  ];
  const code = tell(context, findings);
  if (setup.some(({ state }) => state === "broken")) return EXIT.unusable;
  return code;
}

function tell(context: Context, findings: readonly Finding[]): number {
  for (const { part, state, detail } of findings)
    context.output.tell(
      { event: "check", part, state, detail },
      `${SIGNS[state]} ${part.padEnd(14)} ${detail}`,
    );
  return findings.some(({ state }) => state === "broken") ? EXIT.failed : EXIT.ok;
}

function settingsOf(settings: Settings): Finding {
  const part = "settings";
  try {
    const { instanceId, xmtpEnv, modelId } = agentConfig(settings);
    return { part, state: "ok", detail: `instance ${instanceId}, network ${xmtpEnv}, model ${modelId}` };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { part, state: "broken", detail: error.message };
  }
}

function secretsOf(settings: Settings): Finding {
  const part = "secrets";
  try {
    agentSecrets(settings);
    return { part, state: "ok", detail: "instance secret, state key and model key are there" };
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof SecretsError)) throw error;
    return { part, state: "broken", detail: `${error.message}; key-provision makes them` };
  }
}

function fileOf({ path }: EnvFile): Finding {
  const part = "file";
  if (!existsSync(path)) return { part, state: "off", detail: `${path} does not exist` };
  const isOpen = (statSync(path).mode & OTHERS_MAY_READ) !== 0;
  return isOpen
    ? { part, state: "broken", detail: `others may read ${path}: chmod 600` }
    : { part, state: "ok", detail: `${path}, for its owner only` };
}

function openclawInstallation(): Finding {
  const part = "openclaw";
  let entry: string;
  try {
    entry = openclawEntry();
  } catch {
    // What the resolver says is about paths; that it is not there is the point.
    return { part, state: "broken", detail: "is not installed" };
  }
  const detail = agentVersions.openclaw ?? "of an unknown version";
  return existsSync(join(dirname(entry), PENDING_FILE))
    ? { part, state: "ok", detail: `${detail}; its first start completes the installation` }
    : { part, state: "ok", detail };
}

async function stateOf(settings: Settings): Promise<Finding[]> {
  let places: ReturnType<typeof placesOf>;
  try {
    places = placesOf(settings);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [{ part: "state folder", state: "broken", detail: error.message }];
  }
  const { stateDir, openclawStateDir } = places;
  const { configFile } = gatewayPaths(openclawStateDir ?? statePaths(stateDir).gateway);
  return [await folderOf(stateDir), await openclawConfiguration(configFile)];
}

async function folderOf(stateDir: string): Promise<Finding> {
  const part = "state folder";
  if (!existsSync(stateDir)) return { part, state: "off", detail: `${stateDir} does not exist yet` };
  const { mode, uid } = await stat(stateDir);
  if (uid !== process.getuid?.())
    return { part, state: "broken", detail: `${stateDir} belongs to another user` };
  // With a user of its own the gateway passes through, and reads nothing.
  if ((mode & OTHERS_MAY_ANYTHING & ~0o011) !== 0)
    return { part, state: "broken", detail: `others may look into ${stateDir}: chmod 700` };
  try {
    const hasEnded = await withStateFolder(stateDir, (paths) => existsSync(paths.tombstone));
    if (hasEnded)
      return { part, state: "broken", detail: `the agent of ${stateDir} has ended; reset makes room` };
    return { part, state: "ok", detail: stateDir };
  } catch (error) {
    if (!(error instanceof StateLockedError)) throw error;
    return { part, state: "ok", detail: `${stateDir}; an agent runs on it` };
  }
}

async function openclawConfiguration(path: string): Promise<Finding> {
  const part = "openclaw.json";
  if (!existsSync(path))
    return { part, state: "off", detail: "not applied yet; the agent's start does it too" };
  const problem = await validateOpenclawConfig(path);
  return problem === undefined
    ? { part, state: "ok", detail: path }
    : { part, state: "broken", detail: `${path}: ${problem}` };
}
