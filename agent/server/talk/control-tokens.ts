/** Every repetition is bounded or alone with its characters: a model's text must not be able to stall the agent. */
const OPEN_MARKS = "[`*_~\"'([]{0,8}";
const CLOSE_MARKS = "[`*_~\"')\\]]{0,8}";

/** Words of the machinery by which a model says that it says nothing. */
const UNMISTAKABLE = new RegExp(
  `(?<![\\w-])${OPEN_MARKS}\\b(NO_REPLY|HEARTBEAT_OK)\\b${CLOSE_MARKS}[.!]?(?![\\w-])`,
  "g",
);
/** Any token alone on its line, as a list item or a quotation too. For a line without white space at its end. */
const ALONE = /^[\s>#*+`_~"'([\]-]*(SILENT|NO_REPLY|HEARTBEAT_OK)[\s`*_~"')\]]*[.!]?$/;
/** `SILENT` is also an English word: inside a line it counts only after the end of a sentence. */
const SILENT_TAIL = new RegExp(`(?<=[.!?]\\s{1,8})${OPEN_MARKS}SILENT${CLOSE_MARKS}[.!]?$`);
const FENCE = /^\s*(`{3,}|~{3,})\w*\s*$/;

/** Removes the tokens, also when they are wrapped in markdown. What is left may be empty: then nothing is said. */
export function stripControlTokens(text: string): string {
  const lines = text.split("\n").map((line) => (ALONE.test(line.trimEnd()) ? "" : line));
  const kept = lines.join("\n").replaceAll(UNMISTAKABLE, "").trimEnd().replace(SILENT_TAIL, "");
  return withoutEmptyFences(kept.split("\n")).join("\n").trim();
}

/** Fences hold nothing once the token is gone. */
function withoutEmptyFences(lines: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let open: { mark: string; at: number; isEmpty: boolean } | undefined;
  for (const line of lines) {
    const mark = FENCE.exec(line)?.[1];
    const closes = open !== undefined && mark === open.mark && line.trim() === mark;
    if (open?.isEmpty === true && closes) kept.length = open.at;
    else kept.push(line);
    if (closes) open = undefined;
    else if (open !== undefined) open.isEmpty &&= line.trim() === "";
    else if (mark !== undefined) open = { mark, at: kept.length - 1, isEmpty: true };
  }
  return kept;
}
