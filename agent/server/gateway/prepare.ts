import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { applyWorkspace } from "../../openclaw/apply/apply-workspace.ts";
import type { Action } from "../../openclaw/apply/three-way.ts";
import { gatewayConfig } from "../../openclaw/config/gateway-config.ts";
import { type OfferedSkills, placeSkills } from "./offered-skills.ts";
import {
  assertReachable,
  copyReadable,
  exists,
  type GatewayUser,
  makeOwnedDir,
  writeOwnedFile,
} from "./owned-files.ts";
import { type GatewayPaths, qrEncoderFile, TEMPLATE_DIR } from "./paths.ts";

/** Written once; the agent keeps notes in it. The other files of the template follow it until the agent changes them. */
const NOTES_FILE = "USER.md";
/** Written at each start: it says what the claim wants, which is not for the agent to change. */
const INSTRUCTIONS_FILE = "INSTRUCTIONS.md";
const WORKSPACE_TEMPLATE_DIR = join(TEMPLATE_DIR, "workspace");

export interface PrepareInput {
  paths: GatewayPaths;
  port: number;
  loopbackUrl: string;
  modelId: string;
  /** What the claim wants of the agent, once there is one. */
  instructions?: string | undefined;
  skills: OfferedSkills;
  user: GatewayUser | undefined;
}

/** Makes the gateway's folders where they are missing: the skills are asked whether they work there before it is prepared. */
export async function makeGatewayFolders(paths: GatewayPaths, user: GatewayUser | undefined): Promise<void> {
  await mkdir(paths.root, { recursive: true, mode: 0o711 });
  if (user) await assertReachable(paths.configFile);
  for (const dir of [paths.homeDir, paths.tmpDir, paths.stateDir, paths.workspaceDir])
    await makeOwnedDir(dir, user);
}

/**
 * Makes the folders, the configuration, the extensions and the workspace files of a gateway. Nothing may run there.
 * Resolves to what became of each file of the workspace.
 */
export async function prepareGateway(input: PrepareInput): Promise<ReadonlyMap<string, Action>> {
  const { paths, user } = input;
  await makeGatewayFolders(paths, user);
  await copyReadable(join(TEMPLATE_DIR, "extensions"), paths.extensionsDir);
  await placeSkills(input.skills, paths);
  const config = gatewayConfig({
    port: input.port,
    loopbackUrl: input.loopbackUrl,
    modelId: input.modelId,
    workspaceDir: paths.workspaceDir,
    extensionsDir: paths.extensionsDir,
    qrEncoderFile: qrEncoderFile(),
    logFile: paths.logFile,
    hostTools: user !== undefined,
    skills: { names: input.skills.names, tools: input.skills.tools.map(({ name }) => name) },
  });
  // Readable for the gateway's group, writable for nobody but us: what it may do is not for it to change.
  await writeOwnedFile(paths.configFile, `${JSON.stringify(config, null, 2)}\n`, {
    stagingDir: paths.root,
    mode: user ? 0o640 : 0o600,
    owner: user && { uid: 0, gid: user.gid },
  });
  const applied = new Map(
    await applyWorkspace({
      templateDir: WORKSPACE_TEMPLATE_DIR,
      except: [NOTES_FILE],
      workspaceDir: paths.workspaceDir,
      stagingDir: paths.root,
      snapshotFile: join(paths.root, ".applied.json"),
      owner: user,
    }),
  );
  const notes = join(paths.workspaceDir, NOTES_FILE);
  const hasNotes = await exists(notes);
  applied.set(NOTES_FILE, hasNotes ? "keep" : "write");
  if (!hasNotes) {
    await replaceOwnedFile(paths, notes, await readFile(join(WORKSPACE_TEMPLATE_DIR, NOTES_FILE)), user);
  }
  if (input.instructions !== undefined) {
    const target = join(paths.workspaceDir, INSTRUCTIONS_FILE);
    await replaceOwnedFile(paths, target, `${input.instructions}\n`, user);
    applied.set(INSTRUCTIONS_FILE, "write");
  }
  return applied;
}

/** Only while nothing runs there: then a folder that was put in the file's place can be taken away safely. */
async function replaceOwnedFile(
  paths: GatewayPaths,
  target: string,
  content: string | Buffer,
  user: GatewayUser | undefined,
): Promise<void> {
  await rm(target, { force: true, recursive: true });
  await writeOwnedFile(target, content, { stagingDir: paths.root, mode: 0o600, owner: user });
}

/**
 * Writes the claim's instructions where the agent can read them again, while the gateway may run; the model gets them
 * with each turn anyway.
 */
export const writeInstructions = (
  paths: GatewayPaths,
  instructions: string,
  user: GatewayUser | undefined,
): Promise<void> =>
  writeOwnedFile(join(paths.workspaceDir, INSTRUCTIONS_FILE), `${instructions}\n`, {
    stagingDir: paths.root,
    mode: 0o600,
    owner: user,
  });
