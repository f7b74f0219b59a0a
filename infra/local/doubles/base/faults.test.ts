import { describe, expect, it } from "vitest";
import { FaultBook, InvalidFaultRule } from "./faults.ts";

const reset = { kind: "reset" };

describe("fault rules", () => {
  it("fires once on the first match and is spent", () => {
    const book = new FaultBook([]);
    book.add({ match: { method: "post", path: "^/keys$" }, fault: reset });
    expect(book.take("GET", "/keys", "")).toBeUndefined();
    expect(book.take("POST", "/keys/1", "")).toBeUndefined();
    expect(book.take("POST", "/keys", "")).toEqual({ fault: reset, position: "before" });
    expect(book.take("POST", "/keys", "")).toBeUndefined();
    expect(book.list()).toEqual([]);
  });

  it("counts matches up to nth and fires times times", () => {
    const book = new FaultBook([]);
    book.add({ match: { path: "x" }, fault: reset, position: "after", nth: 2, times: 2 });
    const fired = Array.from({ length: 5 }, () => book.take("GET", "/x", "")?.position);
    expect(fired).toEqual([undefined, "after", "after", undefined, undefined]);
  });

  it("matches on the body, for protocols with one path", () => {
    const book = new FaultBook([]);
    book.add({ match: { body: "projectCreate" }, fault: reset });
    expect(book.take("POST", "/graphql", '{"query":"{me}"}')).toBeUndefined();
    expect(book.take("POST", "/graphql", '{"query":"mutation{projectCreate}"}')).toBeDefined();
  });

  it("lets the oldest rule win and counts the request for the others too", () => {
    const book = new FaultBook([]);
    book.add({ match: {}, fault: reset });
    book.add({ match: {}, fault: { kind: "hang" }, nth: 2 });
    expect(book.take("GET", "/", "")?.fault.kind).toBe("reset");
    expect(book.take("GET", "/", "")?.fault.kind).toBe("hang");
  });

  it("is emptied by clear", () => {
    const book = new FaultBook([]);
    book.add({ match: {}, fault: reset, times: 5 });
    book.clear();
    expect(book.take("GET", "/", "")).toBeUndefined();
  });

  it.each([
    [{ match: {}, fault: { kind: "explode" } }],
    [{ match: { path: "(" }, fault: reset }],
    [{ match: {}, fault: reset, times: 0 }],
    [{ match: {}, fault: reset, position: "during" }],
    [{ match: {}, fault: reset, surprise: true }],
    [{ match: {}, fault: { kind: "provider", name: "notMine" } }],
    [undefined],
  ])("refuses %j", (rule) => {
    expect(() => new FaultBook(["mine"]).add(rule)).toThrow(InvalidFaultRule);
  });

  it("refuses more rules than it can keep", () => {
    const book = new FaultBook([]);
    for (let count = 0; count < 100; count += 1) book.add({ match: {}, fault: reset });
    expect(() => book.add({ match: {}, fault: reset })).toThrow(InvalidFaultRule);
  });
});
