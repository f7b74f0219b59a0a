/** How a request reads that asks whether an assistant should answer what was said in a room. */
const ASKED = /one word: ACT .* SILENT/s;

export const isJudgement = (prompts: readonly string[]): boolean =>
  prompts.some((prompt) => ASKED.test(prompt));

/** The stand-in finds that a question to the room is for the assistant, and that nothing else is. */
export const judgement = (text: string): string => (text.includes("?") ? "ACT" : "SILENT");
