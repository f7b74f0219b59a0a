import type { ToolCall } from "../kit/tool.ts";
import { browse } from "./browse.ts";
import { type BrowsingOptions, openKeeper } from "./index.ts";

export interface PageToText {
  /** From nothing running to the text of the page. */
  coldMs: number;
  /** The same page once more, each time. */
  warmMs: readonly number[];
  /** Of all processes of the browser, with the page open. */
  memoryBytes: number;
  textChars: number;
}

/** How long it takes from an address to the text for the model, and what memory; for a benchmark. Ends the browser. */
export async function measurePageToText(
  options: BrowsingOptions,
  url: string,
  warmRuns: number,
  call: ToolCall,
): Promise<PageToText> {
  const keeper = openKeeper(options);
  const timed = async (): Promise<{ ms: number; chars: number }> => {
    const start = performance.now();
    const { text } = await browse(keeper, [{ do: "open", url }], call);
    return { ms: performance.now() - start, chars: text.length };
  };
  try {
    const { ms: coldMs, chars: textChars } = await timed();
    const warmMs: number[] = [];
    for (let run = 0; run < warmRuns; run += 1) warmMs.push((await timed()).ms);
    const memoryBytes = await keeper.use(call.signal, (session) => session.memoryBytes());
    return { coldMs, warmMs, memoryBytes, textChars };
  } finally {
    await keeper.close();
  }
}
