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
  /** Each of them was dismissed. */
  dialogCount: number;
}

const DIALOG_MAX_CHARS = 200;
const DIALOGS_TOLD = 3;

/** The open pages of one browser: at most so many, and none that is no web page. */
export class Tabs {
  readonly #tabs = new Map<number, Tab>();
  readonly #opening = new Set<Promise<unknown>>();
  readonly #dialogs: string[] = [];
  #last = 0;
  /** The number of the tab that is worked in. */
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
      dialogCount: 0,
    };
    this.#tabs.set(number, tab);
    page.on("dialog", (dialog) => {
      tab.dialogCount += 1;
      if (this.#dialogs.length < DIALOGS_TOLD)
        this.#dialogs.push(dialog.message().slice(0, DIALOG_MAX_CHARS));
      const isTooMany = tab.dialogCount > BROWSING_LIMITS.dialogsPerPage;
      // One that cannot be dismissed is of a page that has gone.
      void (isTooMany ? closePage(page) : dialog.dismiss()).catch(() => this.#forget(tab));
    });
    page.once("close", () => this.#forget(tab));
    // Its process has crashed.
    page.once("error", () => this.#forget(tab));
    return tab;
  }

  /** Takes in what a page has opened by itself. */
  addPopup(opened: Promise<Page | null>): void {
    const added = opened
      .then(async (page) => {
        if (page !== null && !page.isClosed()) await this.add(page);
      })
      // It closed again at once.
      .catch(() => undefined)
      .finally(() => this.#opening.delete(added));
    this.#opening.add(added);
  }

  /** Until every popup that was opened so far is among the tabs. */
  async settle(): Promise<void> {
    await Promise.all(this.#opening);
  }

  /** Words of the dialogs since the last call. */
  takeDialogs(): string[] {
    return this.#dialogs.splice(0);
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
