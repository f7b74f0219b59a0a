import { setTimeout as sleep } from "node:timers/promises";
import type { CDPSession, Page } from "puppeteer-core";
import { ToolError } from "../../kit/tool-error.ts";
import { BROWSING_LIMITS } from "../limits.ts";
import { within } from "../within.ts";

/** One open page. */
export interface Tab {
  readonly number: number;
  readonly page: Page;
  readonly client: CDPSession;
  /** First number that no link or field of it has. */
  nextItem: number;
}

const POPUP_POLL_MS = 20;

/** The open pages of one browser: at most so many, and none that is no web page. */
export class Tabs {
  readonly #tabs = new Map<number, Tab>();
  /** Popups that have been announced, and are not there yet. */
  #expected = 0;
  #last = 0;
  /** The tab that is worked in. */
  current: Tab | undefined;

  list(): Tab[] {
    return [...this.#tabs.values()];
  }

  /** Throws ToolError when there is none of that number. */
  get(number: number): Tab {
    const tab = this.#tabs.get(number);
    if (tab === undefined) throw new ToolError(`There is no tab ${number}.`);
    return tab;
  }

  get isFull(): boolean {
    return this.#tabs.size >= BROWSING_LIMITS.tabs;
  }

  /** Takes a page in; undefined when there are too many, and it is closed. */
  async add(page: Page): Promise<Tab | undefined> {
    if (this.isFull) {
      await closePage(page);
      return undefined;
    }
    this.#last += 1;
    const number = this.#last;
    const tab: Tab = {
      number,
      page,
      client: await page.createCDPSession(),
      nextItem: 1,
    };
    this.#tabs.set(number, tab);
    page.once("close", () => this.#forget(tab));
    // Its process has crashed.
    page.once("error", () => this.#forget(tab));
    return tab;
  }

  /** A page has opened another, which is taken in as soon as it can be. */
  announcePopup(): void {
    this.#expected += 1;
  }

  /** Takes in what a page has opened by itself. */
  async addPopup(opened: Promise<Page | null>): Promise<void> {
    try {
      const page = await opened;
      if (page !== null && !page.isClosed()) await this.add(page);
    } catch {
      // It closed again at once.
    } finally {
      this.#expected = Math.max(0, this.#expected - 1);
    }
  }

  /** Until every popup that was announced is among the tabs, or shows that it will not be. */
  async settle(): Promise<void> {
    const deadline = Date.now() + BROWSING_LIMITS.closeTimeoutMs;
    while (this.#expected > 0 && Date.now() < deadline) await sleep(POPUP_POLL_MS);
    this.#expected = 0;
  }

  async close(tab: Tab): Promise<void> {
    this.#forget(tab);
    await closePage(tab.page);
  }

  #forget(tab: Tab): void {
    this.#tabs.delete(tab.number);
    if (this.current === tab) this.current = this.list().at(-1);
  }
}

/** Rejects when the page does not go. */
const closePage = (page: Page): Promise<void> =>
  page.isClosed()
    ? Promise.resolve()
    : within(BROWSING_LIMITS.closeTimeoutMs, "The tab does not close.", page.close());
