import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { loadAssets } from "../../openclaw/extensions/web-tools/src/assets.ts";
import { createHandler } from "../../openclaw/extensions/web-tools/src/handler.ts";
import { qrEncoderFile } from "../../server/gateway/paths.ts";
import { aMandate } from "../kit/testing.ts";
import { ToolError } from "../kit/tool-error.ts";
import { BROWSING_LIMITS } from "./limits.ts";
import { openScene, type Scene } from "./testing/scene.ts";
import { type Site, startSite } from "./testing/site.ts";

const CODE = /Confirmation code ([A-HJ-NP-Z2-9]{6})\b/;
const FILE = Buffer.from("date,guests\n2026-08-14,2\n");

let agent: Site;
let site: Site;
let scene: Scene;

beforeAll(async () => {
  agent = await startSite(createHandler(loadAssets(qrEncoderFile())));
  site = await startSite({
    "/": `<title>Home</title><h1>Home</h1><p>Two  words</p><a href="/menu">Menu</a> <a href="/menu" target="_blank">Menu in a tab</a>
      <script>document.write("<p>written by a script</p>")</script><p style="display:none">nobody sees this</p><!-- nor this -->`,
    "/menu": `<title>Menu</title><table><tr><th>Dish<th>Price<tr><td>Soup<td>7</table><a href="/list.csv">The list</a>`,
    "/list.csv": { headers: { "content-type": "text/csv" }, body: FILE },
    "/report.pdf": { headers: { "content-type": "application/pdf" }, body: "%PDF-1.4 not shown" },
    "/evil-name": {
      headers: { "content-disposition": 'attachment; filename="../../etc/pass\\\\wd.txt"' },
      body: "x",
    },
    "/big": {
      headers: { "content-type": "application/zip" },
      body: Buffer.alloc(BROWSING_LIMITS.downloadMaxBytes + 1),
    },
    "/make": `<button onclick="const a = document.createElement('a'); a.href = window.URL.createObjectURL(new Blob(['made here'])); a.download = 'made.txt'; a.click()">Export</button>`,
    "/controls": `<label>Agree <input type="checkbox" style="opacity:0"></label>
      <input placeholder="Search the site" onkeydown="if (event.key === 'Enter') document.title = 'searched ' + this.value">
      <input type="time" aria-label="At"><div id="box" contenteditable="true" aria-label="Message">old</div>
      <button disabled>Pay</button><button id="later" hidden>Later</button>
      <input readonly aria-label="Total" value="7"><div onclick="document.title = 'card'"><b>A card</b></div>
      <script>setTimeout(() => { document.getElementById("later").hidden = false }, 500)</script>`,
    "/covered": `<button onclick="document.title='bought'">Buy</button>
      <div id="banner" style="position:fixed;inset:0;background:#fff"><button onclick="document.getElementById('banner').remove()">Accept</button></div>`,
    "/framed": `<p>outside</p><iframe src="/inner" style="margin:150px 0 0 90px" width="400" height="300"></iframe>`,
    "/inner": `<p>inside</p><button onclick="this.textContent = 'Pressed'">Press</button>`,
    "/shadow": `<div id="host"></div><script>document.getElementById("host").attachShadow({mode:"open"}).innerHTML = "<p>in the shade</p><button onclick='this.textContent=String(7*6)'>Count</button>"</script>`,
    "/zone": `<script>document.write(Intl.DateTimeFormat().resolvedOptions().timeZone)</script>`,
    "/cards": `<a href="/menu"><h3>Fish</h3><p>${"fresh from the harbour, ".repeat(8)}</p></a>`,
    "/long": `<p>start</p>${"<p>words that go on and on</p>".repeat(1_500)}<p>the very end</p>`,
    "/tricky": `<script>Document.prototype.querySelectorAll = () => { throw new Error("no") }; Array.prototype.map = () => []; Element.prototype.checkVisibility = () => false</script><p>still read</p><a href="/">Back</a>`,
  });
  scene = openScene({ allowedPages: [`${agent.url}/web-tools/`, `${site.url}/`] });
}, 120_000);
afterAll(async () => {
  await scene?.close();
  await site?.close();
  await agent?.close();
});
const closeTabs = { do: "close" };
afterEach(async () => {
  const tabs = await scene.told([{ do: "tabs" }]);
  const open = tabs.match(/^tab \d+/gm)?.length ?? 0;
  if (open > 0) await scene.told(Array.from({ length: open }, () => closeTabs));
});

describe("the booking form", () => {
  const form = (): object => ({ do: "open", url: `${agent.url}/web-tools/form` });

  it("shows which times are free", async () => {
    const text = await scene.told([form()]);
    const free = text.match(/^- (\d\d:\d\d) \d seats left$/gm) ?? [];
    const soldOut = text.match(/^- (\d\d:\d\d) sold out$/gm) ?? [];
    expect(free).toHaveLength(7);
    expect(soldOut).toHaveLength(2);
    expect(text.match(/\d\d:\d\d, sold out \(off\)/g)).toHaveLength(2);
  });

  it("is filled in and sent in one call, which tells the confirmation code", async () => {
    const before = await scene.told([form(), { do: "type", target: "Date", text: inDays(7) }]);
    const free = /^- (\d\d:\d\d) [2-8] seats left$/m.exec(before)?.[1];
    const { text, isForeign } = await scene.browse([
      { do: "type", target: "Name", text: "Ada Lovelace" },
      { do: "type", target: "email", text: "ada@example.com" },
      { do: "type", target: "#phone", text: "+44 20 7946 0000" },
      { do: "type", target: "Party size", text: "2" },
      { do: "select", target: "Time", text: free },
      { do: "type", target: "Notes", text: "A quiet corner" },
      { do: "click", target: "Book this table" },
      { do: "wait", target: "#confirmation[data-confirmation-code]" },
    ]);
    expect(text).toMatch(CODE);
    expect(text).toContain(`Ada Lovelace, we expect 2 people on`);
    expect(text).toContain(`at ${free}.`);
    expect(isForeign).toBe(true);
  });

  it("says what cannot be chosen and what the form does not accept, and goes no further", async () => {
    const shown = await scene.told([form()]);
    const soldOut = /^- (\d\d:\d\d) sold out$/m.exec(shown)?.[1];
    const refused = await scene.told([
      { do: "select", target: "Time", text: soldOut },
      { do: "click", target: "Book this table" },
    ]);
    expect(refused).toContain("NOT DONE. That cannot be chosen now. What can be:");
    expect(refused).toContain("The 1 steps after it were not done.");
    const sent = await scene.told([{ do: "click", target: "submit" }]);
    expect(sent).toContain("Please tell us your name.");
    expect(sent).toMatch(/field Name, required, not accepted/);
    expect(sent).not.toMatch(CODE);
  });
});

describe("reading and moving about", () => {
  it("reads what a person would see, and follows links by their words or numbers", async () => {
    const home = await scene.told([{ do: "open", url: site.url }]);
    expect(home).toContain("Page (tab ");
    expect(home).toMatch(/# Home\nTwo words\n\[1 Menu\] \[2 Menu in a tab\]\nwritten by a script$/);
    expect(await scene.told([{ do: "click", target: "1" }])).toMatch(/\| Dish \| Price\n\| Soup \| 7\n/);
    const back = await scene.told([
      { do: "open", url: site.url },
      { do: "click", target: "Menu" },
      { do: "read", target: "table" },
    ]);
    expect(back).toContain("| Soup | 7");
    expect(back).not.toContain("The list");
  });

  it("keeps several pages, and goes on in one that a link opened", async () => {
    const text = await scene.told([
      { do: "open", url: site.url },
      { do: "click", target: "Menu in a tab" },
      { do: "tabs" },
    ]);
    const numbers = [...text.matchAll(/^tab (\d+)/gm)].map(([, number]) => Number(number));
    expect(numbers).toHaveLength(2);
    expect(text).toMatch(new RegExp(`tab ${numbers[1]} \\(here\\): ${site.url}/menu`));
    const first = await scene.told([{ do: "read", page: numbers[0] }]);
    expect(first).toContain("# Home");
    const many = await scene.told(
      Array.from({ length: BROWSING_LIMITS.tabs }, () => ({ do: "open", url: site.url, page: 0 })),
    );
    expect(many).toContain(`At most ${BROWSING_LIMITS.tabs} tabs can be open.`);
  });

  it("handles each kind of control", async () => {
    const text = await scene.told([
      { do: "open", url: `${site.url}/controls` },
      { do: "click", target: "Agree" },
      { do: "type", target: "Search the site", text: "soup\n" },
      { do: "type", target: "At", text: "19:30" },
      { do: "type", target: "Message", text: "new words" },
      { do: "click", target: "Later" },
    ]);
    expect(text).toContain("checkbox Agree: on");
    expect(text).toContain(`): searched soup ${site.url}`);
    expect(text).toContain('time field At: "19:30"');
    expect(text).toContain('field Message: "new words"');
    expect(await scene.told([{ do: "click", target: "A card" }])).toContain("): card ");
    const refusals = await Promise.all([
      scene.told([{ do: "click", target: "Pay" }]),
      scene.told([{ do: "type", target: "Total", text: "0" }]),
      scene.told([{ do: "type", target: "At", text: "half past seven" }]),
      scene.told([{ do: "click", target: "Refund" }]),
    ]);
    expect(refusals.map((refusal) => /NOT DONE\. (.*)/.exec(refusal)?.[1])).toEqual([
      "It is switched off at present.",
      "That field can only be read.",
      "The field does not take that. Dates are written 2026-08-14, times 19:30.",
      "There is no such thing on the page.",
    ]);
  });

  it("clicks what is seen only: what lies over it has to go first", async () => {
    const text = await scene.told([
      { do: "open", url: `${site.url}/covered` },
      { do: "click", target: "Buy" },
    ]);
    expect(text).toContain('It is covered by "Accept". Click that away first.');
    const bought = await scene.told([
      { do: "click", target: "Accept" },
      { do: "click", target: "Buy" },
    ]);
    expect(bought).toContain("): bought ");
  });

  it("sees into frames and open shadow trees", async () => {
    const framed = await scene.told([
      { do: "open", url: `${site.url}/framed` },
      { do: "click", target: "Press" },
    ]);
    expect(framed).toContain(`outside\n(a frame from ${site.url})\ninside\n`);
    expect(framed).toContain("button: Pressed]");
    const shadow = await scene.told([
      { do: "open", url: `${site.url}/shadow` },
      { do: "click", target: "Count" },
    ]);
    expect(shadow).toContain("in the shade");
    expect(shadow).toContain("button: 42]");
  });

  it("gives a long page in parts", async () => {
    const first = await scene.told([{ do: "open", url: `${site.url}/long` }]);
    expect(first).toContain("Part 1 of 4:");
    expect(first.length).toBeLessThan(BROWSING_LIMITS.partChars + 1_000);
    expect(await scene.told([{ do: "read", part: 4 }])).toContain("the very end");
    expect(await scene.told([{ do: "read", part: 5 }])).toContain("The page has 4 parts only.");
  });

  it("is where the person is who asks", async () => {
    expect(await scene.told([{ do: "open", url: `${site.url}/zone` }])).toContain("Europe/Berlin");
  });

  it("reads a link with much in it as a whole, and follows it by its number", async () => {
    const text = await scene.told([{ do: "open", url: `${site.url}/cards` }]);
    expect(text).toMatch(/\[1 link\]\n### Fish\n(fresh from the harbour, ){7}/);
    expect(await scene.told([{ do: "click", target: "1" }])).toContain("| Soup | 7");
  });

  it("is not deceived by what a page does to its own objects", async () => {
    const text = await scene.told([
      { do: "open", url: `${site.url}/tricky` },
      { do: "click", target: "Back" },
    ]);
    expect(text).toContain("# Home");
  });

  it("says what is no page", async () => {
    expect(await scene.told([{ do: "open", url: `${site.url}/missing` }])).toContain("the site answered 404");
    expect(await scene.told([{ do: "open", url: `${site.url}/report.pdf` }])).toMatch(
      /Use download with this url/,
    );
    expect(await scene.told([{ do: "read" }], { callId: "2" })).toMatch(/Page|No page is open/);
  });
});

describe("pictures and files", () => {
  it("takes a picture of what is seen, for the model and into the folder", async () => {
    const { text, images } = await scene.browse([
      { do: "open", url: `${agent.url}/web-tools/form` },
      { do: "screenshot" },
      { do: "open", url: `${site.url}/long` },
      { do: "screenshot", text: "full" },
    ]);
    expect(text).toContain("saved as screenshots/screenshot.jpg");
    expect(images).toHaveLength(2);
    const saved = await readFile(join(scene.workspace.dir, "screenshots/screenshot.jpg"));
    const sizes = [];
    for (const image of images ?? []) {
      const picture = sharp(Buffer.from(image.base64, "base64"));
      const { width = 0, height = 0 } = await picture.metadata();
      sizes.push({ width, height });
      const { channels } = await picture.stats();
      expect(Math.max(...channels.map(({ stdev }) => stdev))).toBeGreaterThan(5);
    }
    expect(saved.length).toBeGreaterThan(10_000);
    expect(sizes[0]).toEqual({ width: 1280, height: 800 });
    expect(sizes[1]?.height).toBe(BROWSING_LIMITS.screenshotMaxHeightPx);
  });

  it.each([
    ["an address", () => ({ do: "download", url: `${site.url}/list.csv` }), "downloads/list.csv", FILE],
    ["a link", () => ({ do: "download", target: "The list" }), "downloads/list.csv", FILE],
    ["a page", () => ({ do: "download", url: `${site.url}/inner` }), "downloads/inner.html", undefined],
  ])("downloads %s as a file", async (_, step, path, content) => {
    const text = await scene.told([{ do: "open", url: `${site.url}/menu` }, step()]);
    expect(text).toContain(`saved as ${path} (`);
    expect(text).not.toContain("NOT DONE");
    if (content !== undefined) expect(await readFile(join(scene.workspace.dir, path))).toEqual(content);
  });

  it("downloads what a button makes", async () => {
    const text = await scene.told([
      { do: "open", url: `${site.url}/make` },
      { do: "download", target: "Export" },
    ]);
    expect(text).toContain("saved as downloads/made.txt (9 bytes)");
    expect(await readFile(join(scene.workspace.dir, "downloads/made.txt"), "utf8")).toBe("made here");
  });

  it("gives a file a name of its own only, and none that is too large or missing", async () => {
    const named = await scene.told([{ do: "download", url: `${site.url}/evil-name` }]);
    expect(named).toMatch(/saved as downloads\/[\w.-]+ \(1 bytes\)/);
    expect(await scene.told([{ do: "download", url: `${site.url}/big` }])).toContain("larger than 25 MB");
    expect(await scene.told([{ do: "download", url: `${site.url}/missing` }])).toContain(
      "The site answered 404.",
    );
  });

  it("downloads by that step only", async () => {
    const text = await scene.told([
      { do: "open", url: `${site.url}/make` },
      { do: "click", target: "Export" },
    ]);
    expect(text).not.toContain("made.txt");
    expect(await scene.told([{ do: "download", url: `${site.url}/list.csv` }])).toContain("saved as");
  });
});

describe("what is refused before anything is done", () => {
  it.each([
    [
      "a turn that no person began",
      [{ do: "open", url: "https://example.com" }],
      { mandate: aMandate({ hasPerson: false }) },
    ],
    ["a step without what it needs", [{ do: "click" }], {}],
    ["no step", [], {}],
    ["too many steps", Array.from({ length: 21 }, () => ({ do: "tabs" })), {}],
    ["a step that is unknown", [{ do: "hack" }], {}],
  ])("%s", async (_, steps, call) => {
    await expect(scene.browse(steps, call)).rejects.toThrow(ToolError);
  });

  it.each([
    "file:///etc/passwd",
    "chrome://settings",
    "data:text/html,hi",
    "javascript:alert(1)",
    "view-source:http://a.b",
    "http://u:p@example.com",
    "not an address",
  ])("the address %s", async (url) => {
    expect(await scene.told([{ do: "open", url }])).toMatch(
      /NOT DONE\. (Only http|That is no|An address with)/,
    );
  });
});

const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
