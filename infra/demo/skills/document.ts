import type { Step } from "./step.ts";

/** A line of the conversation. */
export interface Said {
  readonly who: string;
  /** A text, a file, or nothing when time passes. */
  readonly shows: string;
}

export const formatSaid = ({ who, shows }: Said): string =>
  shows === "" ? `(${who})` : `${who}: ${shows.replaceAll("\n", "\n  ")}`;

/** The conversation as Markdown, and what came of it. */
export function describeSkills(said: readonly Said[], parts: readonly (readonly Step[])[]): string {
  return [
    `\`\`\`\n${said.map(formatSaid).join("\n")}\n\`\`\``,
    "What was used for it, and what had come of it where it ended:",
    ["| message | skill | tool | verified |", "|---|---|---|---|", ...parts.map((part) => row(part))].join(
      "\n",
    ),
  ].join("\n\n");
}

function row(part: readonly Step[]): string {
  const asked = part.findLast(({ script = [] }) => script.some(({ use }) => use.length > 0));
  const proof = part.findLast((step) => step.proof !== undefined)?.proof;
  if (asked === undefined || proof === undefined) throw new Error("a part uses no tool or proves nothing");
  const tools = proof.tools.map((tool) => `\`${tool}\``).join(", ");
  return `| ${formatSaid(asked)} | \`${proof.skill}\` | ${tools} | ${proof.verified} |`;
}
