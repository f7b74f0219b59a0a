import type { Line } from "./scene.ts";
import { type Entry, formatEntry } from "./transcript.ts";

const BEGIN = "<!-- begin of what `npm run demo` recorded -->";
const END = "<!-- end of what `npm run demo` recorded -->";

/** All that happened, with what is another each time replaced. */
export interface Recording {
  /** Ada's terminal until she ends it. */
  readonly conversation: readonly Entry[];
  /** Bob's, from there on. */
  readonly ending: readonly Entry[];
  /** What `verify-receipt` printed. */
  readonly receipt: string;
}

/** What stands between the markers of a guide; undefined when they are not there. */
export function recordedPart(guide: string): string | undefined {
  const [begin, end] = [guide.indexOf(BEGIN), guide.indexOf(END)];
  return begin < 0 || end < begin ? undefined : guide.slice(begin + BEGIN.length, end).trim();
}

/** The guide with another part between its markers. Throws when they are not there. */
export function withRecordedPart(guide: string, part: string): string {
  if (recordedPart(guide) === undefined) throw new Error("the guide lacks the markers of the recording");
  const [begin, end] = [guide.indexOf(BEGIN) + BEGIN.length, guide.indexOf(END)];
  return `${guide.slice(0, begin)}\n\n${part}\n\n${guide.slice(end)}`;
}

/** The recording as Markdown. */
export function describe({ conversation, ending, receipt }: Recording, lines: readonly Line[]): string {
  return [
    "What Ada's terminal shows:",
    block(conversation.map(formatEntry).join("\n")),
    "Which of the messages were for the agent, and how that was told:",
    [
      "| message | the agent | because |",
      "|---|---|---|",
      ...lines.map(
        ({ who, says, answer, because }) =>
          `| ${who}: ${says} | ${answer === undefined ? "👀" : "answers"} | ${because} |`,
      ),
    ].join("\n"),
    "Then Ada types `/explode`. Bob's terminal:",
    block(ending.map(formatEntry).join("\n")),
    "And the receipt, as `npm run verify-receipt` shows it:",
    block(receipt),
  ].join("\n\n");
}

/** What `verify-receipt` printed, the same in each run: without id, times and key, the resources by their providers. */
export function normalReceipt(printed: string, instanceId: string): string {
  const lines = printed
    .replaceAll(instanceId, "x".repeat(instanceId.length))
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "…")
    .replaceAll(/\(key [0-9a-f]+\)/g, "(key …)")
    .split("\n")
    .map((line) => line.trimEnd());
  const isResource = (line: string): boolean => / cv-\w+-x+ /.test(line);
  const resources = lines.filter(isResource).sort();
  return lines.map((line) => (isResource(line) ? (resources.shift() ?? "") : line)).join("\n");
}

const block = (text: string): string => `\`\`\`\n${text.trim()}\n\`\`\``;
