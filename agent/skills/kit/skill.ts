import type { SkillTool } from "./tool.ts";

/** The skills of an agent by the names of their folders in the workspace. */
export const SKILL_NAMES = [
  "web-search",
  "browsing",
  "agentmail",
  "scheduling",
  "files",
  "images",
  "voice",
  "bankr",
  "telnyx-cli",
  "model-calls",
] as const;
export type SkillName = (typeof SKILL_NAMES)[number];

/**
 * `ready`: it has been seen to work, or needs nothing that could be missing. `off`: a key or a program is missing; it is
 * not offered to the model. `failing`: everything is there, but what it needs does not answer at present.
 */
export interface SkillState {
  state: "ready" | "off" | "failing";
  /** One sentence for whoever runs the agent: with what it works, or what is missing and how to get it. No secret. */
  detail: string;
}

export interface Skill {
  name: SkillName;
  tools: readonly SkillTool[];
  /** Nothing that it needs can be missing, so it is never `off`. */
  needsNothing?: true;
  /** Proves that it is configured, without changing anything and without cost. Never throws but with the signal's reason. */
  setup(signal: AbortSignal): Promise<SkillState>;
  /** Ends what it has running. */
  close?(): Promise<void>;
}
