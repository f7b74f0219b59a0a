import type { Page } from "puppeteer-core";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { type FakeAgent, startFakeAgent } from "./fake-agent.ts";

/** A first start unpacks a browser of 170 MB where the system has none. */
const START_TIMEOUT_MS = 120_000;
const WAIT_TIMEOUT_MS = 15_000;

export const TOKEN = "the-token-that-a-visitor-types-0123456789";
export const INVITE = `https://dev.convos.org/v2?i=${"Ab3_".repeat(60)}*${"x9-Z".repeat(20)}`;

export interface Visitor {
  readonly agent: FakeAgent;
  readonly page: Page;
  /** What the browser complained about, and whatever it asked of others than the agent. */
  readonly complaints: string[];
  open(path: string): Promise<void>;
  text(selector: string): Promise<string>;
  value(selector: string): Promise<string>;
  untilVisible(selector: string): Promise<void>;
  /** Until the element says something. */
  untilTold(selector: string): Promise<string>;
  isVisible(selector: string): Promise<boolean>;
  /** Id of the element that has the focus. */
  focused(): Promise<unknown>;
  /** Controls that a screen reader would announce without a name. */
  nameless(): Promise<unknown>;
}

/** One agent and one browser per file; each test is a visitor of its own, without another's worker, cache or storage. */
export function useVisitor(): Visitor {
  let started: TestBrowser;
  let agent: FakeAgent;
  let page: Page;
  let complaints: string[] = [];

  beforeAll(async () => {
    agent = await startFakeAgent(TOKEN, INVITE);
    started = await startBrowser();
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await started?.close();
    await agent?.close();
  });
  beforeEach(async () => {
    agent.reset();
    complaints = [];
    const context = await started.browser.createBrowserContext();
    page = await context.newPage();
    page.setDefaultTimeout(WAIT_TIMEOUT_MS);
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("request", (request) => {
      // An image within the browser's own controls comes from nowhere.
      const isOurs = request.url().startsWith(`${agent.url}/`) || request.url().startsWith("data:");
      if (!isOurs) complaints.push(`asked for ${request.url()}`);
    });
  });
  afterEach(() => page.browserContext().close());

  const visitor: Visitor = {
    get agent() {
      return agent;
    },
    get page() {
      return page;
    },
    get complaints() {
      return complaints;
    },
    open: async (path) => {
      await page.goto(`${agent.url}${path}`, { waitUntil: "load" });
    },
    text: async (selector) =>
      String(await page.evaluate(`document.querySelector(${JSON.stringify(selector)}).textContent`)).trim(),
    value: async (selector) =>
      String(await page.evaluate(`document.querySelector(${JSON.stringify(selector)}).value`)),
    untilVisible: async (selector) => {
      await page.waitForSelector(selector, { visible: true });
    },
    untilTold: async (selector) => {
      await page.waitForFunction(`document.querySelector(${JSON.stringify(selector)}).textContent !== ""`);
      return visitor.text(selector);
    },
    isVisible: (selector) => page.$eval(selector, (element) => element.checkVisibility()),
    focused: () => page.evaluate("document.activeElement.id"),
    nameless: () =>
      page.evaluate(
        `[...document.querySelectorAll("input, select, textarea")].filter((e) => e.labels.length === 0).map((e) => e.id)`,
      ),
  };
  return visitor;
}
