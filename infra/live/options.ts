import { parseArgs } from "node:util";
import { SKILL_NAMES, type SkillName } from "../../agent/skills/kit/skill.ts";
import { OptionsError } from "../local/options.ts";

export const LIVE_USAGE = `Uses skills of an agent for real, with the keys in .env or the environment; what has no key is skipped.

usage: npm run test:live -- [skill…] [options]

  --double          against the doubles on this machine instead of the real providers; needs no key
  --spend           also makes the payment to LIVE_PAY_TO, of 0.01 USDC
  --list            what would be done and what it may cost; does nothing
  --help            this text

Skills: ${SKILL_NAMES.join(", ")}. All of them when none is named.
`;

export interface LiveOptions {
  skills: readonly SkillName[];
  isDouble: boolean;
  mayPay: boolean;
  isList: boolean;
  isHelp: boolean;
}

/** Throws OptionsError for what is unknown. */
export function parseLiveOptions(args: readonly string[]): LiveOptions {
  const { values, positionals } = parse(args);
  const unknown = positionals.filter((name) => !SKILL_NAMES.some((skill) => skill === name));
  if (unknown.length > 0)
    throw new OptionsError(
      `there is no skill ${unknown.join(", ")}; the skills are ${SKILL_NAMES.join(", ")}`,
    );
  return {
    skills: SKILL_NAMES.filter((name) => positionals.length === 0 || positionals.includes(name)),
    isDouble: values.double,
    mayPay: values.spend,
    isList: values.list,
    isHelp: values.help,
  };
}

function parse(args: readonly string[]) {
  const flag = { type: "boolean", default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { double: flag, spend: flag, list: flag, help: flag },
    });
  } catch (error) {
    throw new OptionsError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
