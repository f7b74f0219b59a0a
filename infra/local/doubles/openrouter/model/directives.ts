/** What a test's message tells the stand-in to do, each directive on a line of its own. */
export interface Directives {
  /** `use tool NAME {json}`, in order. */
  tools: { name: string; argumentsJson: string }[];
  /** `say raw TEXT` (with `\n` for a line break) or `say NO_REPLY`; the last one counts. */
  say: string | undefined;
  /** `slow N`: milliseconds before the answer. */
  slowMs: number;
}

const MAX_SLOW_MS = 120_000;
/** In a group the line may begin with a mention or with the sender's name. */
const ADDRESS = String.raw`^(?:@\S+[,:]?[ \t]+|[^\s:{}][^:{}\n]{0,60}:[ \t]+)?`;
const USE_TOOL = new RegExp(String.raw`${ADDRESS}use tool ([\w.:-]{1,128})(?:[ \t]+(\{.*\}))?[ \t]*$`, "gm");
const SAY = new RegExp(String.raw`${ADDRESS}say (?:raw[ \t]+(.+)|(NO_REPLY))[ \t]*$`, "gm");
const SLOW = new RegExp(String.raw`${ADDRESS}slow (\d{1,6})[ \t]*$`, "gm");

export function readDirectives(text: string): Directives {
  const tools = [...text.matchAll(USE_TOOL)].map(([, name = "", json = "{}"]) => ({
    name,
    argumentsJson: json,
  }));
  const say = [...text.matchAll(SAY)].at(-1);
  const slow = [...text.matchAll(SLOW)].at(-1);
  return {
    tools,
    say: say?.[2] ?? say?.[1]?.replaceAll("\\n", "\n"),
    slowMs: Math.min(Number(slow?.[1] ?? 0), MAX_SLOW_MS),
  };
}
