import { Type } from "typebox";
import { Value } from "typebox/value";
import { AGENT_PATHS } from "../../domain/agent-protocol.ts";
import { SKILL_NAMES, type SkillName } from "../skills/kit/skill.ts";
import { CommandError } from "./command.ts";
import type { Settings } from "./settings.ts";

/** Every skill proves itself anew, which takes the slowest of them some seconds. */
const TIMEOUT_MS = 20_000;

const Report = Type.Object({
  skills: Type.Array(
    Type.Object({
      name: Type.String(),
      state: Type.Union([Type.Literal("ready"), Type.Literal("off"), Type.Literal("failing")]),
      detail: Type.String(),
    }),
  ),
});

export interface SkillFinding {
  part: string;
  state: "ok" | "off" | "broken";
  detail: string;
}

/** Settings without which a skill is off, and where it comes from. */
const NEEDS: Readonly<Partial<Record<SkillName, readonly [setting: string, where: string]>>> = {
  "web-search": ["MODEL_KEY", "key-provision makes it with OPENROUTER_MANAGEMENT_KEY"],
  voice: ["MODEL_KEY", "key-provision makes it with OPENROUTER_MANAGEMENT_KEY"],
  "model-calls": ["MODEL_KEY", "key-provision makes it with OPENROUTER_MANAGEMENT_KEY"],
  agentmail: ["AGENTMAIL_INBOX_KEY", "key-provision makes it with AGENTMAIL_API_KEY"],
  bankr: ["BANKR_API_KEY", "it is made by hand at Bankr"],
};
const NEEDS_PLATFORM: ReadonlySet<SkillName> = new Set(["telnyx-cli"]);

/** What can be told of the skills without a running agent. */
export const skillsBySettings = (settings: Settings): SkillFinding[] =>
  SKILL_NAMES.map((name) => bySettings(name, settings));

function bySettings(name: SkillName, settings: Settings): SkillFinding {
  const [needed, where] = NEEDS[name] ?? [];
  if (needed !== undefined && settings[needed] === undefined)
    return { part: name, state: "off", detail: `${needed} is missing; ${where}` };
  if (NEEDS_PLATFORM.has(name) && settings.STANDALONE === "on")
    return { part: name, state: "off", detail: "text messages go through the platform; this agent has none" };
  return { part: name, state: "ok", detail: "nothing is missing; a running agent proves it (--agent URL)" };
}

/** What a running agent says of its skills. Throws a CommandError when none answers. */
export async function skillsOfAgent(url: string): Promise<SkillFinding[]> {
  let answer: unknown;
  try {
    const response = await fetch(`${url.replace(/\/+$/, "")}${AGENT_PATHS.skills}`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = await response.json();
  } catch {
    throw new CommandError(`no agent answers at ${url}`, {
      hint: "Give the address of one on this machine.",
    });
  }
  if (!Value.Check(Report, answer)) throw new CommandError(`what answers at ${url} is no agent of this kind`);
  return answer.skills.map(({ name, state, detail }) => ({ part: name, state: STATES[state], detail }));
}

const STATES = { ready: "ok", off: "off", failing: "broken" } as const;
