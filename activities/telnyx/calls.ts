import { setTimeout as sleep } from "node:timers/promises";
import { type Static, type TSchema, Type } from "typebox";
import { Value } from "typebox/value";
import { PlatformError } from "../../domain/errors.ts";
import { classify, isAbsent } from "./classify.ts";

const REQUEST_TIMEOUT_MS = 15_000;
const PAGE_SIZE = 250;
const MAX_PAGES = 100;

export interface CallOptions {
  timeout: number;
}
export type PageQuery = { "page[number]": number; "page[size]": number };
type Call<Answer> = (options: CallOptions) => PromiseLike<Answer>;

/** How every request is made: within a time, its failure classified, its answer of the right shape. */
export class Calls {
  readonly #deadlineMs: number;

  constructor(budgetMs = Number.POSITIVE_INFINITY) {
    this.#deadlineMs = performance.now() + budgetMs;
  }

  /** Waits, if another request fits in after the wait; false when the time is over. */
  async pause(ms: number): Promise<boolean> {
    if (this.leftMs <= ms) return false;
    await sleep(ms);
    return true;
  }

  get leftMs(): number {
    return this.#deadlineMs - performance.now();
  }

  /** A request that changes something. Its failure may be `ambiguous`. */
  async change<Data extends TSchema>(data: Data, call: Call<unknown>): Promise<Static<Data>> {
    const options = this.#options();
    try {
      return dataOf(data, await call(options));
    } catch (error) {
      throw classify(error);
    }
  }

  /** A request that only reads leaves nothing in doubt, however it fails: what would be ambiguous is transient. */
  async read<Data extends TSchema>(data: Data, call: Call<unknown>): Promise<Static<Data>> {
    const options = this.#options();
    try {
      return dataOf(data, await call(options));
    } catch (error) {
      throw withoutEffect(classify(error));
    }
  }

  async pages<Item extends TSchema>(
    item: Item,
    list: (page: PageQuery, options: CallOptions) => PromiseLike<{ data: unknown; meta: unknown }>,
  ): Promise<Static<Item>[]> {
    const Page = Type.Object({
      data: Type.Array(item),
      meta: Type.Object({ total_pages: Type.Integer() }),
    });
    const found: Static<Item>[] = [];
    for (let number = 1; number <= MAX_PAGES; number++) {
      // The SDK takes any page of a proxy for an empty list: only its missing `meta` tells.
      const page = await this.#page(Page, (options) =>
        list({ "page[number]": number, "page[size]": PAGE_SIZE }, options),
      );
      found.push(...page.data);
      if (number >= page.meta.total_pages) return found;
    }
    throw new PlatformError("transient", { detail: "the list does not end" });
  }

  async #page<Page extends TSchema>(schema: Page, call: Call<unknown>): Promise<Static<Page>> {
    const options = this.#options();
    try {
      const page = await call(options);
      if (!Value.Check(schema, page)) throw anotherShape();
      return page;
    } catch (error) {
      throw withoutEffect(classify(error));
    }
  }

  #options(): CallOptions {
    if (this.leftMs <= 0) throw new PlatformError("transient", { detail: "the time for this step is over" });
    return { timeout: Math.ceil(Math.min(REQUEST_TIMEOUT_MS, this.leftMs)) };
  }
}

/** An answer without data when the provider itself says that there is no such resource. */
export async function orAbsent<Answer>(answer: PromiseLike<Answer>): Promise<Answer | { data: undefined }> {
  try {
    return await answer;
  } catch (error) {
    if (isAbsent(error)) return { data: undefined };
    throw error;
  }
}

function dataOf<Data extends TSchema>(schema: Data, answer: unknown): Static<Data> {
  if (typeof answer !== "object" || answer === null || !("data" in answer)) throw anotherShape();
  const { data } = answer;
  if (!Value.Check(schema, data)) throw anotherShape();
  return data;
}

const anotherShape = () => new PlatformError("ambiguous", { detail: "the answer has another shape" });

function withoutEffect(failure: PlatformError): PlatformError {
  if (failure.code !== "ambiguous") return failure;
  return new PlatformError("transient", failure.detail === undefined ? {} : { detail: failure.detail });
}
