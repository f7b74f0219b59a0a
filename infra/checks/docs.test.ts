import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../api/config.ts";
import { type RunningGateway, startGateway } from "../../api/start.ts";
import { audit } from "../../cli/audit.ts";
import { SLASH_HELP } from "../../cli/chat/slash-commands.ts";
import { chat } from "../../cli/chat.ts";
import { claim } from "../../cli/claim.ts";
import { explode } from "../../cli/explode.ts";
import { pool } from "../../cli/pool.ts";
import { status } from "../../cli/status.ts";
import { USAGE as DEMO_USAGE } from "../demo/options.ts";
import { LIVE_USAGE } from "../live/options.ts";
import { USAGE } from "../local/options.ts";
import {
  anchorsOf,
  bannedWordsOf,
  chatCommandsOf,
  linksOf,
  optionsOf,
  routesOf,
  scriptsOf,
} from "./markdown.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const FILES = globSync(["*.md", "docs/**/*.md", "infra/*/README.md", "infra/*/*/README.md"], {
  cwd: ROOT,
  exclude: ["**/testdata/**"],
}).sort();
const DOCS = FILES.map((file) => ({ file, text: readFileSync(join(ROOT, file), "utf8") }));
const ALL = DOCS.map(({ text }) => text).join("\n");
/** What is written for users and operators; the others speak of programs of their own too. */
const GUIDES = DOCS.filter(({ file }) => !file.startsWith("infra/"))
  .map(({ text }) => text)
  .join("\n");
const MAX_IMAGE_BYTES = 200_000;
const IMAGE_WIDTH = 1_280;

/** What each script says about its options. */
const USAGES: Readonly<Record<string, string>> = {
  start: USAGE,
  claim: claim.usage,
  chat: chat.usage,
  explode: explode.usage,
  status: status.usage,
  pool: pool.usage,
  audit: audit.usage,
  "test:live": LIVE_USAGE,
  demo: DEMO_USAGE,
};
const isKnown = (usage: string | undefined, option: string): boolean =>
  option === "--help" || new RegExp(`^ +${option}\\b`, "m").test(usage ?? "");

const missingLinks = (file: string, text: string): string[] =>
  linksOf(text).flatMap(({ path, anchor }) => {
    const target = join(ROOT, dirname(file), path);
    if (!existsSync(target)) return [path];
    const anchors = (): string[] => anchorsOf(path === "" ? text : readFileSync(target, "utf8"));
    return anchor === "" || anchors().includes(anchor) ? [] : [`${path}#${anchor}`];
  });

describe("the documentation", () => {
  it.each(DOCS)("$file: every link and image leads somewhere", ({ file, text }) => {
    expect(missingLinks(file, text)).toEqual([]);
  });

  it.each(DOCS)("$file: names no machine, no registry, nothing left to do", ({ text }) => {
    expect(bannedWordsOf(text)).toEqual([]);
  });

  it("shows every image that is there, each small and of one width", () => {
    const images = globSync("docs/images/*", { cwd: ROOT });
    expect(images.length).toBeGreaterThan(4);
    for (const image of images) {
      expect(ALL).toContain(image.replace("docs/", "../"));
      const path = join(ROOT, image);
      expect(statSync(path).size, image).toBeLessThan(MAX_IMAGE_BYTES);
      // The header of a PNG: 16 bytes, then the width.
      expect(readFileSync(path).readUInt32BE(16), image).toBe(IMAGE_WIDTH);
    }
  });
});

describe("commands in the documentation", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const uses = scriptsOf(ALL);

  it("are scripts of package.json", () => {
    expect(uses.length).toBeGreaterThan(20);
    expect(uses.map(({ script }) => script).filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
  });

  it("have the options and operations that their usage names", () => {
    const unknown = uses.flatMap(({ script, options, operation }) => [
      ...options.filter((option) => !isKnown(USAGES[script], option)).map((option) => `${script} ${option}`),
      ...(script === "pool" && operation !== undefined && !pool.usage.includes(`\n  ${operation} `)
        ? [`pool ${operation}`]
        : []),
    ]);
    expect(unknown).toEqual([]);
    const everywhere = Object.values(USAGES).join("\n");
    expect(optionsOf(GUIDES).filter((option) => !isKnown(everywhere, option))).toEqual([]);
  });

  it("of the chat are those that its help lists", () => {
    const commands = chatCommandsOf(ALL);
    expect(commands.length).toBeGreaterThan(1);
    expect(commands.filter((command) => !SLASH_HELP.includes(`${command} `))).toEqual([]);
  });
});

describe("routes in the documentation", () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    const config = parseConfig({
      DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none",
      API_KEY: "0123456789abcdef",
      API_PORT: "0",
      MASTER_KEY: Buffer.alloc(32).toString("base64"),
    });
    gateway = await startGateway(config, () => undefined);
  });
  afterAll(() => gateway.stop());

  it("are the gateway's", async () => {
    const { paths } = Object(await (await fetch(`${gateway.url}/openapi.json`)).json());
    const own = ["/openapi.json", "/docs"];
    const served = (method: string | undefined, path: string): boolean =>
      own.includes(path) || (method === undefined ? paths[path] : paths[path]?.[method.toLowerCase()]);
    const routes = routesOf(ALL);
    expect(routes.length).toBeGreaterThan(15);
    expect(routes.filter(({ method, path }) => !served(method, path))).toEqual([]);
    for (const path of own) expect((await fetch(`${gateway.url}${path}`)).status, path).toBe(200);
  });
});

describe("the checks", () => {
  it("see what is wrong in a text", () => {
    const wrong = [
      "# A heading: of two",
      "[a](nowhere.md) [b](#a-heading-of-two) [c](#no-heading) ![d](../images/none.png) [e](https://example.org)",
      "Run `npm run nothing -- --wrong 1` or `npm run pool -- dance`, see /work/somewhere and registry.example.com. TODO",
      "`DELETE /api/pool/claim` and `--unheard`",
      "```sh",
      'curl -X PUT "$API/api/claims/v9u5iep6vk9ms8urt274?x=1" \\',
      '  -d "{}"',
      "npm run chat -- '<invite>' --message /dance",
      "```",
    ].join("\n");
    expect(missingLinks("docs/guides/x.md", wrong)).toEqual([
      "nowhere.md",
      "#no-heading",
      "../images/none.png",
    ]);
    expect(anchorsOf(wrong)).toEqual(["a-heading-of-two"]);
    expect(linksOf(wrong).map(({ anchor }) => anchor)).toEqual(["", "a-heading-of-two", "no-heading", ""]);
    expect(scriptsOf(wrong)).toEqual([
      { script: "nothing", options: ["--wrong"], operation: undefined },
      { script: "pool", options: [], operation: "dance" },
      { script: "chat", options: ["--message"], operation: "…" },
    ]);
    expect(routesOf(wrong)).toEqual([
      { method: "DELETE", path: "/api/pool/claim" },
      { method: "PUT", path: "/api/claims/{id}" },
    ]);
    expect(optionsOf(wrong)).toEqual(["--unheard"]);
    expect(chatCommandsOf(wrong)).toEqual(["/dance"]);
    expect(bannedWordsOf(wrong)).toEqual(["/work/somewhere", "TODO", "registry.example.com."]);
  });
});
