import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Store } from "./store.ts";
import { follow } from "./subscription.ts";

let store: Store;
let stop: AbortController;
beforeEach(() => {
  store = new Store();
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  store.close();
});

const add = (topic: string, text: string): boolean =>
  store.groupMessages.append(topic, () => Buffer.from(text));
const addMany = (topic: string, from: number, to: number): void => {
  for (let count = from; count < to; count += 1) add(topic, `${count}`);
};

async function take(stream: AsyncGenerator<Uint8Array>, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const { value, done } = await stream.next();
    if (done || !value) break;
    texts.push(Buffer.from(value).toString());
  }
  return texts;
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `${from + index}`);

describe("a subscription", () => {
  it("gives the past beyond its cursor, then what comes, of its topics only", async () => {
    addMany("a", 1, 4);
    add("b", "not asked for");
    const stream = follow(store.groupMessages, [{ topic: "a", cursor: 1 }], stop.signal);
    expect(await take(stream, 2)).toEqual(["2", "3"]);
    const next = take(stream, 1);
    add("b", "not asked for");
    add("a", "4");
    expect(await next).toEqual(["4"]);
  });

  it("loses and repeats nothing while it reads a long past and more is added", async () => {
    addMany("a", 0, 250);
    const stream = follow(store.groupMessages, [{ topic: "a", cursor: 0 }], stop.signal);
    const first = await take(stream, 120);
    addMany("a", 250, 400);
    const rest = await take(stream, 280);
    expect([...first, ...rest]).toEqual(numbers(0, 400));
  });

  it("follows many topics", async () => {
    const topics = ["a", "b", "c"].map((topic) => ({ topic, cursor: 0 }));
    const stream = follow(store.groupMessages, topics, stop.signal);
    const next = take(stream, 3);
    for (const { topic } of topics) add(topic, topic);
    expect(await next).toEqual(["a", "b", "c"]);
  });

  it("ends, waiting or not, when its client goes", async () => {
    const waiting = follow(store.groupMessages, [{ topic: "a", cursor: 0 }], stop.signal);
    const end = waiting.next();
    stop.abort();
    expect(await end).toEqual({ done: true, value: undefined });
  });
});
