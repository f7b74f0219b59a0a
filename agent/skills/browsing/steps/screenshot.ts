import { ToolError } from "../../kit/tool-error.ts";
import type { Tab } from "../browser/tab.ts";
import { BROWSING_LIMITS } from "../limits.ts";
import { within } from "../within.ts";
import type { Run } from "./run.ts";

const QUALITY = 80;

/** A picture of what a person would see, or of the page down to some length; for the model, and into the folder. */
export async function screenshot(run: Run, tab: Tab, isFull: boolean): Promise<string> {
  if (run.images.length >= BROWSING_LIMITS.screenshotsPerCall)
    throw new ToolError(`At most ${BROWSING_LIMITS.screenshotsPerCall} screenshots are made at once.`);
  const picture = await within(
    BROWSING_LIMITS.stepTimeoutMs,
    "The page does not answer.",
    take(tab, isFull),
    run.signal,
  );
  if (picture.length > BROWSING_LIMITS.screenshotMaxBytes) throw new ToolError("The picture is too large.");
  run.images.push({ mimeType: "image/jpeg", base64: Buffer.from(picture).toString("base64") });
  return `saved as ${await run.call.files.write("screenshots/screenshot.jpg", picture)}`;
}

async function take(tab: Tab, isFull: boolean): Promise<Uint8Array> {
  if (!isFull) return tab.page.screenshot({ type: "jpeg", quality: QUALITY });
  const { cssContentSize, cssLayoutViewport } = await tab.client.send("Page.getLayoutMetrics");
  return tab.page.screenshot({
    type: "jpeg",
    quality: QUALITY,
    captureBeyondViewport: true,
    clip: {
      x: 0,
      y: 0,
      width: cssLayoutViewport.clientWidth,
      height: Math.max(1, Math.min(Math.ceil(cssContentSize.height), BROWSING_LIMITS.screenshotMaxHeightPx)),
    },
  });
}
