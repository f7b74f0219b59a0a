import { join } from "node:path";
import type { Skill } from "../../../skills/kit/skill.ts";
import { offeredSkills } from "../../gateway/offered-skills.ts";
import { gatewayPaths } from "../../gateway/paths.ts";
import { statePaths } from "../../state/paths.ts";
import { readSkillWords } from "./skill-folders.ts";

/** Tokenizers of today's models make 3.9 of these words and of this JSON, so the estimate is above what is billed. */
const CHARS_PER_TOKEN = 3.5;
/** Where an image keeps its state, and so what openclaw tells the model about where a skill lies. */
const { workspaceDir } = gatewayPaths(statePaths("/state").gateway);

/** The words of openclaw's system prompt that are there only with skills. */
const HEAD = [
  "## Skills",
  "Scan <available_skills>. Clear match: read exact <location> with `read`; obey.",
  "Several: most specific. None: read none.",
  "Up-front max one. Never invent paths.",
  "External writes: batch safely; no tight loops; honor 429/Retry-After.",
  "The following skills provide specialized instructions for specific tasks.",
  "Read a skill's file at its listed location when the task matches its description.",
  "When a skill file references a relative path, resolve it against the skill directory (parent of SKILL.md / dirname of the path) and use that absolute path in tool commands.",
];

/** What the skills add to each request to the model. */
export interface RequestShare {
  /** The definitions of their tools, as the request's JSON. */
  tools: string;
  /** The list of skills in the system prompt, as openclaw 2026.9 words it. */
  listing: string;
  /** An estimate by the number of characters. */
  tokens: { tools: number; listing: number };
}

export async function requestShare(skills: readonly Skill[]): Promise<RequestShare> {
  const offered = offeredSkills(skills);
  const tools = JSON.stringify(
    offered.tools.map(({ name, description, parameters }) => ({
      type: "function",
      function: { name, description, parameters },
    })),
  );
  const entries = await Promise.all(offered.names.toSorted().map(entryOf));
  const listing = [...HEAD, "", "<available_skills>", ...entries, "</available_skills>"].join("\n");
  return { tools, listing, tokens: { tools: tokensOf(tools), listing: tokensOf(listing) } };
}

async function entryOf(folder: string): Promise<string> {
  const { name, description } = await readSkillWords(folder);
  const file = join(workspaceDir, "skills", folder, "SKILL.md");
  return [
    "  <skill>",
    `    <name>${escaped(name)}</name>`,
    `    <description>${escaped(description)}</description>`,
    `    <location>${file}</location>`,
    "  </skill>",
  ].join("\n");
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" },
};
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);

const tokensOf = (text: string): number => Math.ceil(text.length / CHARS_PER_TOKEN);
