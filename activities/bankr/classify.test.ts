import { describe, expect, it } from "vitest";
import { classifyStatus } from "./classify.ts";

const classify = (status: number, error?: string, headers: Record<string, string> = {}) =>
  classifyStatus(
    new Response(null, { status, headers }),
    error === undefined ? "<html>" : JSON.stringify({ error, message: "more" }),
  );

describe("an answer with an error status", () => {
  it.each([
    [400, "Invalid request", "invalid"],
    [400, "Prompt too long", "invalid"],
    [400, "API key limit reached", "exhausted"],
    [401, "Invalid partner API key", "denied"],
    [401, undefined, "denied"],
    [402, "Payment required", "exhausted"],
    [403, "Agent API access not enabled", "denied"],
    [403, "Read-only API key", "denied"],
    [403, "IP address not allowed", "denied"],
    [403, "Wallet limit reached", "exhausted"],
    [403, undefined, "denied"],
    [404, "Not Found", "invalid"],
    [409, "Wallet already exists", "conflict"],
    [422, undefined, "invalid"],
    [429, "Rate limit exceeded", "throttled"],
    [429, undefined, "throttled"],
    [429, "Daily limit exceeded", "exhausted"],
    [500, "Internal error", "ambiguous"],
    [502, undefined, "ambiguous"],
    [503, "Unavailable", "ambiguous"],
    [504, "receipt_pending", "ambiguous"],
  ] as const)("%i %s is %s", (status, error, code) => {
    expect(classify(status, error)).toMatchObject({ code, detail: `status ${status}` });
  });

  it("says how long to wait when it is throttled", () => {
    expect(classify(429, "Rate limit exceeded", { "retry-after": "7" })).toMatchObject({
      retryAfterMs: 7_000,
    });
    expect(classify(429, "Rate limit exceeded")).toMatchObject({ retryAfterMs: 2_000 });
  });

  it("does not keep the body", () => {
    const error = classifyStatus(new Response(null, { status: 400 }), '{"error":"bk_usr_secret"}');
    expect(JSON.stringify([error, error.message, error.stack])).not.toContain("bk_usr_secret");
  });
});
