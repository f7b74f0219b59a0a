import { SkillScene } from "../../testing/skills/scene.ts";
import type { Demo } from "../demo.ts";
import { conversationOf } from "./conversation.ts";
import { describeSkills, formatSaid } from "./document.ts";
import { planEvening } from "./evening.ts";
import { masked } from "./masked.ts";
import { playSteps } from "./play.ts";
import { fundWallet } from "./steps/bankr.ts";
import { FOUND } from "./steps/web-search.ts";

/** One person and an agent: each skill once. */
export const skills: Demo = {
  guide: "docs/guides/ten-skills.md",
  play: async (note, stopping) => {
    note("starting a stack, and claiming an agent");
    await using scene = await SkillScene.open();
    await scene.double("openrouter", "PUT", "/__double/openrouter/search", { entries: [FOUND] });
    await fundWallet(scene);
    const parts = conversationOf(await planEvening(scene.agentUrl, Date.now()));
    const { said, violations } = await Promise.race([playSteps(scene, parts.flat(), note), stopping]);
    return { seen: said.map(formatSaid).join("\n"), part: describeSkills(said, parts), violations };
  },
  comparable: masked,
};
