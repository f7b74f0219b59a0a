import type { Demo } from "./demo.ts";
import { describe } from "./document.ts";
import { play } from "./play.ts";
import { BEFORE_THE_SECOND, WITH_BOTH } from "./scene.ts";
import { DemoStack } from "./stack.ts";
import { formatEntry } from "./transcript.ts";

/** Two people and an agent: who speaks when. */
export const people: Demo = {
  guide: "docs/guides/three-people.md",
  play: async (note, stopping) => {
    await using stack = await DemoStack.start();
    const { recording, violations } = await Promise.race([play(stack, note), stopping]);
    const { conversation, ending, receipt } = recording;
    const seen = `${[...conversation, ...ending].map(formatEntry).join("\n")}\n\n${receipt}`;
    return { seen, part: describe(recording, [...BEFORE_THE_SECOND, ...WITH_BOTH]), violations };
  },
  // All of it was replaced while it was recorded.
  comparable: (part) => part,
};
