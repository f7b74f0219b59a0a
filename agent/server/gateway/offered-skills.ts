import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SKILLS_ID } from "../../openclaw/config/gateway-config.ts";
import type { Skill } from "../../skills/kit/skill.ts";
import { copyReadable } from "./owned-files.ts";
import { type GatewayPaths, TEMPLATE_DIR } from "./paths.ts";

/** The skills that the model is offered: the folders in its workspace, and what is registered of each tool. */
export interface OfferedSkills {
  names: readonly string[];
  tools: readonly { name: string; description: string; parameters: object; timeoutMs: number }[];
}

export const offeredSkills = (skills: readonly Skill[]): OfferedSkills => ({
  names: skills.map(({ name }) => name),
  tools: skills.flatMap(({ tools }) =>
    tools.map(({ name, description, parameters, timeoutMs }) => ({
      name,
      description,
      parameters,
      timeoutMs,
    })),
  ),
});

const TEMPLATE = join(TEMPLATE_DIR, "workspace", "skills");

/**
 * Puts the folders of the skills that are offered into the workspace, in the place of whatever is called `skills` there: the
 * agent can read but not change them. The list of tools comes beside the extension that registers them. Nothing may run
 * there.
 */
export async function placeSkills({ names, tools }: OfferedSkills, paths: GatewayPaths): Promise<void> {
  const target = join(paths.workspaceDir, "skills");
  // First of all: a link in its place could lead anywhere.
  await rm(target, { recursive: true, force: true });
  for (const entry of await readdir(TEMPLATE, { withFileTypes: true }))
    if (!entry.isDirectory() || names.includes(entry.name))
      await copyReadable(join(TEMPLATE, entry.name), join(target, entry.name));
  await writeFile(join(paths.extensionsDir, SKILLS_ID, "tools.json"), JSON.stringify(tools), { mode: 0o644 });
}
