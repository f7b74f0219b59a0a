const MAX_CHARS = 600;
const TAGGED = /<((?:\w+[-_])*instructions)>\s*([\s\S]*?)\s*<\/\1>/gi;
/** A heading, or a comment by which the agent runtime marks off the parts of its prompt. */
const BOUNDARY = /^(#{1,6})[ \t]+(.*)$|^<!-- .*$/gm;
/** Files are injected under headings of level 2, whatever levels they use themselves. */
const INJECTED_LEVEL = 2;
/** Sections of a system prompt that hold what the agent was told to be, the most telling first. */
const SECTIONS = [/instructions/i, /conversation context/i];

/** What the prompts tell the agent to be and do, shortened; undefined when they say nothing. */
export function findInstructions(prompts: readonly string[]): string | undefined {
  const text = prompts.join("\n\n");
  const tagged = [...text.matchAll(TAGGED)]
    .map(([, , inner = ""]) => inner)
    .findLast((inner) => inner !== "");
  const found =
    tagged ?? SECTIONS.map((title) => section(text, title)).find((body) => body) ?? roleSentence(text);
  if (!found) return undefined;
  const oneLine = found.replace(/\s+/g, " ").trim();
  return oneLine.length > MAX_CHARS ? `${oneLine.slice(0, MAX_CHARS)}…` : oneLine;
}

/** The last section of that title that says anything, up to the next heading of its level or above. */
function section(text: string, title: RegExp): string | undefined {
  const boundaries = [...text.matchAll(BOUNDARY)];
  const bodies = boundaries.flatMap((heading, index) => {
    const [line, marks = "", name = ""] = heading;
    if (!title.test(name)) return [];
    const level = Math.max(marks.length, INJECTED_LEVEL);
    const next = boundaries.slice(index + 1).find((other) => (other[1] ?? "").length <= level);
    return [text.slice(heading.index + line.length, next?.index).trim()];
  });
  return bodies.findLast((body) => body !== "");
}

/** Without sections: from the last "You are …" on, else how the prompt begins. */
function roleSentence(text: string): string {
  const start = text.lastIndexOf("You are ");
  const paragraph = text
    .slice(Math.max(0, start))
    .trim()
    .split(/\n\s*\n/)[0];
  return paragraph ?? "";
}
