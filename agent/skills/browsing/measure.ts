import type { Measurable, Measurement } from "../kit/measurable.ts";
import type { ToolCall } from "../kit/tool.ts";
import { browse } from "./browse.ts";
import { type BrowsingOptions, openKeeper } from "./index.ts";

/**
 * From an address to the text for the model. Cold: nothing runs yet, and a browser that comes with the packages is unpacked.
 * Warm: the same page once more. The memory is of all processes of the browser, with the page open.
 */
export function measurablePage(
  options: BrowsingOptions,
  url: string,
  call: Omit<ToolCall, "signal">,
): readonly Measurable[] {
  const last = async (opened: number, signal: AbortSignal): Promise<Measurement> => {
    const keeper = openKeeper(options);
    try {
      let ms = 0;
      for (let time = 0; time < opened; time += 1) {
        const startedMs = performance.now();
        await browse(keeper, [{ do: "open", url }], { ...call, signal });
        ms = performance.now() - startedMs;
      }
      return { ms, peakBytes: await keeper.use(signal, (session) => session.memoryBytes()) };
    } finally {
      await keeper.close();
    }
  };
  return [
    { operation: "page → text, cold", run: (signal) => last(1, signal) },
    { operation: "page → text, warm", run: (signal) => last(2, signal) },
  ];
}
