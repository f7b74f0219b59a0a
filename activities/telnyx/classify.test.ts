import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { PlatformError } from "../../domain/errors.ts";
import { TestTelnyx } from "../../infra/local/doubles/telnyx/testing.ts";
import { freePort } from "../../infra/local/free-port.ts";
import { TelnyxClient } from "./client.ts";

let test: TestTelnyx;
let client: TelnyxClient;
beforeAll(async () => {
  test = await TestTelnyx.start();
  client = new TelnyxClient({ apiKey: test.double.apiKey, baseUrl: test.double.url });
});
afterAll(() => test.close());
afterEach(() => test.double.faults.clear());

const order = (of = client) => of.orderNumber("+13125550100", "profile", "cv-test-1");
const list = (of = client) => of.listNumbers({});
const failWith = (status: number, body?: unknown, headers: Record<string, string> = {}) =>
  test.double.faults.add({ match: {}, fault: { kind: "status", status, headers, body } });
const errors = (code: string) => ({ errors: [{ code, title: "a title", detail: "some private words" }] });

describe("an error code of Telnyx", () => {
  it.each([
    [401, "10009", "denied"],
    [403, "10010", "denied"],
    [401, "20002", "denied"],
    [429, "10011", "throttled"],
    [409, "10036", "transient"],
    [409, "10012", "conflict"],
    [422, "10021", "conflict"],
    [422, "10035", "conflict"],
    [422, "85000", "conflict"],
    [409, "85001", "conflict"],
    [422, "85001", "conflict"],
    [422, "85006", "conflict"],
    [403, "10038", "exhausted"],
    [403, "10039", "exhausted"],
    [403, "20100", "exhausted"],
    [422, "85007", "exhausted"],
    [400, "40333", "exhausted"],
    [400, "40318", "throttled"],
    [422, "85005", "invalid"],
    [400, "40300", "invalid"],
    [400, "40309", "invalid"],
    [422, "10027", "invalid"],
    // Codes that are not listed: their status decides.
    [400, "99999", "invalid"],
    [401, "99999", "denied"],
    [402, "99999", "exhausted"],
    [403, "99999", "denied"],
    [404, "10005", "invalid"],
    [408, "99999", "ambiguous"],
    [409, "99999", "conflict"],
    [423, "99999", "conflict"],
    [429, "99999", "throttled"],
    [500, "10007", "ambiguous"],
    [503, "99999", "ambiguous"],
  ])("with status %i, %s, is %s", async (status, code, expected) => {
    failWith(status, errors(code));
    const failure = await order().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PlatformError);
    expect(failure).toMatchObject({ code: expected });
    expect(JSON.stringify([failure, Object(failure).detail, Object(failure).stack])).not.toContain("private");
    expect(Object(failure).cause).toBeUndefined();
  });

  it("is throttled for as long as either of the headers says", async () => {
    failWith(429, errors("10011"), { "retry-after": "7", "x-ratelimit-reset": "3" });
    await expect(order()).rejects.toMatchObject({ code: "throttled", retryAfterMs: 7_000 });
    failWith(429, errors("10011"), { "x-ratelimit-reset": "3" });
    await expect(order()).rejects.toMatchObject({ code: "throttled", retryAfterMs: 3_000 });
    failWith(429, errors("10011"));
    await expect(order()).rejects.toMatchObject({ code: "throttled", retryAfterMs: 2_000 });
  });
});

describe("an answer that is not Telnyx's", () => {
  it.each([200, 404, 502])(
    "(HTML, %i) leaves an order in doubt and a list without effect",
    async (status) => {
      const html = () => test.double.faults.add({ match: {}, fault: { kind: "html", status } });
      html();
      await expect(order()).rejects.toMatchObject({ code: "ambiguous" });
      html();
      await expect(list()).rejects.toMatchObject({ code: "transient" });
    },
  );

  it("does not pass for an absent number", async () => {
    test.double.faults.add({ match: {}, fault: { kind: "html", status: 404 } });
    await expect(client.deleteNumber("1")).rejects.toMatchObject({ code: "ambiguous" });
    await client.deleteNumber("1");
  });

  it.each(["reset", "truncatedJson"] as const)("(%s) leaves an order in doubt", async (kind) => {
    const arm = () => test.double.faults.add({ match: {}, fault: { kind }, position: "after" });
    arm();
    await expect(order()).rejects.toMatchObject({ code: "ambiguous" });
    arm();
    await expect(list()).rejects.toMatchObject({ code: "transient" });
  });

  it("(too large) is not read to its end", async () => {
    failWith(200, { data: "x".repeat(3 * 1024 * 1024) });
    await expect(order()).rejects.toMatchObject({ code: "ambiguous", detail: "the answer is too large" });
  });

  it("(another shape) is not taken for data", async () => {
    failWith(200, { data: { id: 5 } });
    await expect(order()).rejects.toMatchObject({ code: "ambiguous" });
  });
});

describe("a request", () => {
  it("that hangs ends with its time: an order in doubt, a list without effect", async () => {
    const hang = () => test.double.faults.add({ match: {}, fault: { kind: "hang" } });
    hang();
    await expect(order(client.within(100))).rejects.toMatchObject({ code: "ambiguous" });
    hang();
    await expect(list(client.within(100))).rejects.toMatchObject({ code: "transient" });
    await expect(order(client.within(0))).rejects.toMatchObject({ code: "transient" });
  });

  it("that nobody can have seen is transient", async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}/v2`;
    const nowhere = new TelnyxClient({ apiKey: "any", baseUrl });
    await expect(order(nowhere)).rejects.toMatchObject({ code: "transient" });
  });

  it("goes through the fetch it was given, once, and its refusal comes back as it is", async () => {
    let requests = 0;
    const counting: typeof fetch = (input, init) => {
      requests += 1;
      if (requests > 1) throw new PlatformError("throttled", { retryAfterMs: 1_234 });
      return fetch(input, init);
    };
    const counted = new TelnyxClient({
      apiKey: test.double.apiKey,
      baseUrl: test.double.url,
      fetch: counting,
    });
    failWith(500, errors("10007"));
    await expect(order(counted)).rejects.toMatchObject({ code: "ambiguous" });
    expect(requests).toBe(1);
    await expect(order(counted)).rejects.toMatchObject({ code: "throttled", retryAfterMs: 1_234 });
    await expect(list(counted)).rejects.toMatchObject({ code: "throttled", retryAfterMs: 1_234 });
  });

  it("with another key is denied", async () => {
    const stranger = new TelnyxClient({ apiKey: "KEY-other", baseUrl: test.double.url });
    await expect(order(stranger)).rejects.toMatchObject({ code: "denied" });
    await expect(stranger.deleteNumber("1")).rejects.toMatchObject({ code: "denied" });
  });
});
