import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { parse } from "yaml";
import { TEMPLATE_DIR } from "../../gateway/paths.ts";

/** Has a folder for each skill. */
export const SKILL_FOLDERS = join(TEMPLATE_DIR, "workspace", "skills");

const FrontMatter = Type.Object({ name: Type.String(), description: Type.String() });
const FRONT_MATTER = /^---\n([\s\S]*?)\n---\n/;

/** What SKILL.md says of its skill; openclaw puts both into each request. Throws when it is not there or not as it should be. */
export async function readSkillWords(folder: string): Promise<{ name: string; description: string }> {
  const text = await readFile(join(SKILL_FOLDERS, folder, "SKILL.md"), "utf8");
  return Value.Parse(FrontMatter, parse(FRONT_MATTER.exec(text)?.[1] ?? ""));
}
