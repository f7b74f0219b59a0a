/** Words of the machinery by which a model says that it says nothing. */
const UNMISTAKABLE = /(?<![\w-])[`*_~"'([]*\b(NO_REPLY|HEARTBEAT_OK)\b[`*_~"')\]]*[.!]?(?![\w-])/g;
/** Any token alone on its line, as a list item or a quotation too. */
const ALONE = /^[\s>#*+-]*[`*_~"'([\]-]*\s*(SILENT|NO_REPLY|HEARTBEAT_OK)\s*[`*_~"')\]]*[.!]?\s*$/gm;
/** `SILENT` is also an English word: inside a line it counts only after the end of a sentence. */
const SILENT_TAIL = /(?<=[.!?]\s+)[`*_~"'([]*SILENT[`*_~"')\]]*[.!]?\s*$/g;
/** Fences that hold nothing once the token is gone. */
const EMPTY_FENCE = /^\s*(`{3,}|~{3,})\w*\s*\n\s*\1\s*$/gm;

/** Removes the tokens, also when they are wrapped in markdown. What is left may be empty: then nothing is said. */
export const stripControlTokens = (text: string): string =>
  text
    .replaceAll(ALONE, "")
    .replaceAll(UNMISTAKABLE, "")
    .replaceAll(SILENT_TAIL, "")
    .replaceAll(EMPTY_FENCE, "")
    .trim();
