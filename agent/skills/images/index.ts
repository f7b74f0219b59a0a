import type { Sandbox } from "../kit/sandbox.ts";
import type { Skill, SkillState } from "../kit/skill.ts";
import { ToolError } from "../kit/tool-error.ts";
import { BytesAnswer } from "./requests.ts";
import { imageTools } from "./tools.ts";
import { ocrWork, pictureWork } from "./work.ts";

export { pictureToJpeg } from "./picture-to-jpeg.ts";

const PROOF = "Agent 42";

/** Pictures of the agent's folder: look, read, edit. Everything runs on this machine and costs nothing. */
export function createImagesSkill({ sandbox }: { sandbox: Sandbox }): Skill {
  return {
    name: "images",
    needsNothing: true,
    tools: imageTools(sandbox),
    setup: (signal) => setup(sandbox, signal),
  };
}

/** Draws words and reads them back. */
async function setup(sandbox: Sandbox, signal: AbortSignal): Promise<SkillState> {
  try {
    const { base64 } = await pictureWork(sandbox, { kind: "words", text: PROOF }, BytesAnswer, signal);
    const { text } = await ocrWork(sandbox, { base64 }, signal);
    if (text === PROOF)
      return {
        state: "ready",
        detail: "Draws and reads pictures on this machine, English text; no key needed.",
      };
    return { state: "failing", detail: "Words that were drawn as a test could not be read back." };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ToolError)) throw error;
    return { state: "failing", detail: `The programs for pictures do not run: ${error.message}` };
  }
}
