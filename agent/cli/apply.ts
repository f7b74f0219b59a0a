import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Action } from "../openclaw/apply/three-way.ts";
import { type GatewayPaths, gatewayPaths } from "../server/gateway/paths.ts";
import { prepareGateway } from "../server/gateway/prepare.ts";
import { endLeftoverGateway } from "../server/gateway/start-gateway.ts";
import { prepareStateDir } from "../server/state/paths.ts";
import { SKILL_NAMES } from "../skills/kit/skill.ts";
import { type Command, CommandError, type Context, EXIT } from "./command.ts";
import { EnvFile } from "./env-file.ts";
import { COMMON_USAGE, integer, parseOptions } from "./options.ts";
import { placesOf, readSettings, type Settings } from "./settings.ts";
import { withStateFolder } from "./state-folder.ts";

const DEFAULT_PORT = 18_789;
const OPTIONS = { port: { type: "string", default: String(DEFAULT_PORT) } } as const;

export const apply: Command = {
  summary: "put openclaw.json, workspace and extensions into the state folder",
  usage: `usage: apply [options]

Writes them below OPENCLAW_STATE_DIR, which then also holds the workspace, or else where the agent of STATE_DIR has them.
A file that the agent has changed is kept. Each start of the agent does the same, with the ports that it found free.

  --port N          openclaw's port in openclaw.json (default ${DEFAULT_PORT}); N+1 is that of the agent's server
${COMMON_USAGE}`,
  async run(context) {
    const { values, envFile } = parseOptions(context, OPTIONS);
    const port = integer("--port", values.port, 1, 65_534);
    await applyTemplate(context, readSettings(new EnvFile(envFile), context.env), port);
    return EXIT.ok;
  },
};

/** What is told of a file, by what was done with it. */
const TOLD: Readonly<Record<Action, string>> = {
  write: "written",
  keep: "kept",
  remove: "removed",
  "conflict-kept": "kept, as the agent has changed it",
};

export async function applyTemplate(
  context: Context,
  settings: Settings,
  port = DEFAULT_PORT,
): Promise<void> {
  const places = placesOf(settings);
  const { stateDir, openclawStateDir, gatewayUid: uid } = places;
  if (uid !== undefined && process.getuid?.() !== 0)
    throw new CommandError("GATEWAY_UID needs to be root", { exitCode: EXIT.unusable });
  const { output } = context;
  await withStateFolder(stateDir, async (statePaths) => {
    if (existsSync(statePaths.tombstone))
      throw new CommandError(`the agent of ${stateDir} has ended`, {
        hint: "`reset --yes` makes room for another.",
      });
    if (openclawStateDir === undefined) prepareStateDir(statePaths, uid !== undefined);
    const paths = gatewayPaths(openclawStateDir ?? statePaths.gateway);
    await endLeftoverGateway(paths.root, uid);
    const before = await partsOf(paths);
    const workspace = await prepareGateway({
      paths,
      port,
      loopbackUrl: `http://127.0.0.1:${port + 1}`,
      modelId: places.modelId,
      // Which of them are configured, and their tools, is known to the agent when it starts.
      skills: { names: SKILL_NAMES, tools: [] },
      user: uid === undefined ? undefined : { uid, gid: uid },
    });
    const after = await partsOf(paths);
    for (const path of new Set([...before.keys(), ...after.keys()]))
      tell(context, path, actionOf(before.get(path), after.get(path)));
    for (const [name, action] of workspace) tell(context, join(paths.workspaceDir, name), action);
    const root = paths.root;
    output.tell(
      { event: "applied", root, config: paths.configFile, workspace: paths.workspaceDir },
      `Applied to ${root}.`,
    );
  });
}

const tell = ({ output }: Context, path: string, action: Action): void =>
  output.tell({ event: "file", path, action }, `${TOLD[action]}: ${path}`);

const actionOf = (before: string | undefined, after: string | undefined): Action => {
  if (after === undefined) return "remove";
  return before === after ? "keep" : "write";
};

/** The configuration and the extensions by path, each with a hash of all that is in it: what is ours alone. */
async function partsOf(paths: GatewayPaths): Promise<ReadonlyMap<string, string>> {
  const { extensionsDir: extensions } = paths;
  const names = existsSync(extensions) ? await readdir(extensions) : [];
  const parts = new Map<string, string>();
  if (existsSync(paths.configFile)) parts.set(paths.configFile, await readFile(paths.configFile, "base64"));
  for (const name of names.sort())
    parts.set(join(extensions, name), await hashOfFolder(join(extensions, name)));
  return parts;
}

async function hashOfFolder(folder: string): Promise<string> {
  const hash = createHash("sha256");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  for (const file of files.sort()) hash.update(`${file}\n`).update(await readFile(file));
  return hash.digest("hex");
}
