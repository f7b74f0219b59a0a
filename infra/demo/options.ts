import { parseArgs } from "node:util";

export const USAGE = `Plays a conversation on a stack made for it, checks what came of it, and that a guide shows the same.
Without --skills: two people and an agent, and who spoke when (docs/guides/three-people.md).

usage: npm run demo -- [options]

  --skills          one person, and each skill of the agent once (docs/guides/ten-skills.md); needs ffmpeg
  --write           put what happened into the guide instead of comparing it
  --help            this text
`;

export interface Options {
  readonly skills: boolean;
  readonly write: boolean;
  readonly help: boolean;
}

/** Throws TypeError, which says what is wrong, for anything but these options. */
export function parseOptions(args: readonly string[]): Options {
  const flag = { type: "boolean", default: false } as const;
  return parseArgs({ args: [...args], options: { skills: flag, write: flag, help: flag } }).values;
}
