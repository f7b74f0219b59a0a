import { describe, expect, it } from "vitest";
import { classifyMessage, classifyResponse, NotFoundError } from "./classify.ts";

describe("a message", () => {
  it.each([
    ["Not Authorized", "denied", undefined],
    ["Two Factor Authentication Required", "denied", undefined],
    ["project token not found", "denied", undefined],
    ["Only one project can be created per user every 30s", "throttled", 31_000],
    ["Only one environment can be created per user every 30s", "throttled", 31_000],
    ["You are creating projects too quickly", "throttled", 31_000],
    ["Whoa there pal! You are creating volumes too quickly. Try again in a sec", "throttled", 30_000],
    ["An operation already in progress", "transient", undefined],
    [
      "Cannot redeploy yet, please wait for the original deployment to finish building",
      "transient",
      undefined,
    ],
    ["Cannot redeploy without a snapshot", "conflict", undefined],
    ["A project with this name already exists", "conflict", undefined],
    ["Failed to create service domain, please try again", "ambiguous", undefined],
    ["Problem processing request", "ambiguous", undefined],
    ["Invalid project name", "invalid", undefined],
    ["Invalid region", "invalid", undefined],
    ["Something nobody has heard of", "ambiguous", undefined],
  ])("%s → %s", (message, code, retryAfterMs) => {
    const error = classifyMessage(message);
    expect(error).toMatchObject({ code, retryAfterMs });
    expect(error).not.toBeInstanceOf(NotFoundError);
    expect(classifyMessage(message.toUpperCase()).code).toBe(code);
  });

  it.each(["Project", "Service", "Deployment", "ServiceInstance", "Volume"])(
    "%s not found → too new or gone",
    (kind) => {
      const error = classifyMessage(`${kind} not found`);
      expect(error).toBeInstanceOf(NotFoundError);
      expect(error.code).toBe("transient");
    },
  );

  it("is not kept when it is unknown", () => {
    const error = classifyMessage("failed for Bearer abc");
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain("abc");
  });
});

describe("an answer that is no GraphQL answer", () => {
  const html = { "content-type": "text/html" };
  it.each([
    [429, { "retry-after": "7" }, "{}", "throttled", 7_000],
    [429, {}, "{}", "throttled", 30_000],
    [429, html, "<html>Error 1015</html>", "throttled", 30_000],
    [403, html, "<html>Access denied: error 1015</html>", "throttled", 30_000],
    [200, html, "<html>maintenance</html>", "ambiguous", undefined],
    [403, html, "<html>blocked</html>", "ambiguous", undefined],
    [400, {}, '{"errors":[]}', "invalid", undefined],
    [401, {}, "{}", "denied", undefined],
    [403, {}, "{}", "denied", undefined],
    [502, {}, "upstream connect error", "ambiguous", undefined],
    [503, {}, "upstream connect error", "ambiguous", undefined],
    [504, html, "<html>timeout</html>", "ambiguous", undefined],
    [200, {}, '{"data":{"proj', "ambiguous", undefined],
  ])("%i %o %s → %s", (status, headers, text, code, retryAfterMs) => {
    expect(classifyResponse(status, new Headers(headers), text)).toMatchObject({ code, retryAfterMs });
  });
});
