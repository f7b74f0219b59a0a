import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import { expect } from "vitest";

const WIDTHS = [
  { name: "phone", viewport: { width: 390, height: 844 } },
  { name: "desktop", viewport: { width: 1280, height: 800 } },
];
const SCHEMES = ["light", "dark"];
/** The smallest page with something on it makes about twice as much. */
const BLANK_PNG_BYTES = 9_000;

/** A folder to keep the pictures in, for people who want to look; without it they are only looked at here. */
const SHOTS_DIR = process.env.WEB_TOOLS_SHOTS_DIR;

/** Looks at the page as it is, at each width and in each colour scheme. */
export async function expectGoodLooks(page: Page, name: string): Promise<void> {
  const backgrounds = new Set<unknown>();
  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      const shot = `${name}-${width.name}-${scheme}`;
      const png = await picture(page, width.viewport, scheme);
      if (SHOTS_DIR !== undefined) {
        await mkdir(SHOTS_DIR, { recursive: true });
        await writeFile(join(SHOTS_DIR, `${shot}.png`), png);
      }
      expect(png.length, `${shot} is not blank`).toBeGreaterThan(BLANK_PNG_BYTES);
      const overflowPx = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      expect(overflowPx, `${shot} fits its width`).toBeLessThanOrEqual(0);
      backgrounds.add(await page.evaluate("getComputedStyle(document.documentElement).backgroundColor"));
    }
  }
  expect(backgrounds.size).toBe(SCHEMES.length);
}

async function picture(
  page: Page,
  viewport: { width: number; height: number },
  scheme: string,
): Promise<Uint8Array> {
  await page.setViewport({ ...viewport, deviceScaleFactor: 1 });
  await page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: scheme },
    // Else a colour would be caught on its way from one to the other.
    { name: "prefers-reduced-motion", value: "reduce" },
  ]);
  return page.screenshot({ fullPage: true });
}
