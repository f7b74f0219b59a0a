import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TestDouble } from "../../infra/local/doubles/agentmail/testing.ts";
import { AgentMailClient } from "./client.ts";

let test: TestDouble;
let client: AgentMailClient;
beforeEach(async () => {
  test = await TestDouble.start();
  client = new AgentMailClient({ baseUrl: test.double.url, apiKey: test.double.apiKey });
});
afterEach(() => test.close());

const answerWith = (status: number, code: string | undefined, headers: Record<string, string> = {}) => {
  const body =
    code === undefined ? { message: "Forbidden" } : { name: "Any", code, message: "of jane@doe.example" };
  test.double.faults.add({ match: {}, fault: { kind: "status", status, body, headers } });
};
const failure = (run: Promise<unknown>): Promise<unknown> => run.catch((error: unknown) => error);

describe("an answer with an error status", () => {
  it.each([
    [400, "validation_error", "invalid"],
    [401, "missing_authorization", "denied"],
    [401, "invalid_token_type", "denied"],
    [401, "unknown_api_key", "denied"],
    [401, "unauthorized", "denied"],
    [402, undefined, "exhausted"],
    [403, "missing_permission", "denied"],
    [403, "permission_escalation", "denied"],
    [403, "unrestricted_key_required", "denied"],
    [403, "forbidden", "denied"],
    [403, undefined, "denied"],
    [403, "resource_taken", "conflict"],
    [403, "limit_exceeded", "exhausted"],
    [403, "domain_not_verified", "invalid"],
    [403, "message_rejected", "invalid"],
    [409, "conflict", "conflict"],
    [409, "already_exists", "conflict"],
    [409, "cannot_delete", "conflict"],
    [409, "resource_deleting", "transient"],
    [409, "race_condition", "transient"],
    [413, undefined, "invalid"],
    [422, "unprocessable", "invalid"],
    [408, undefined, "ambiguous"],
    [500, "internal_error", "ambiguous"],
    [502, undefined, "ambiguous"],
    [503, "service_unavailable", "ambiguous"],
    [504, undefined, "ambiguous"],
  ])("%i %s is %s", async (status, code, expected) => {
    answerWith(status, code);
    const error = await failure(client.createInbox({ username: "one" }));
    expect(error).toMatchObject({ code: expected, detail: `status ${status}${code ? ` ${code}` : ""}` });
    expect(JSON.stringify(error)).not.toContain("jane");
    expect(test.double.log()).toHaveLength(1);
  });

  it("429 is throttled for the time that the provider names", async () => {
    answerWith(429, "rate_limit_exceeded", { "retry-after": "7" });
    expect(await failure(client.listInboxes())).toMatchObject({ code: "throttled", retryAfterMs: 7_000 });
    test.double.faults.add({ match: {}, fault: { kind: "429" } });
    expect(await failure(client.listInboxes())).toMatchObject({ code: "throttled", retryAfterMs: 2_000 });
    expect(test.double.log()).toHaveLength(2);
  });

  it("404 is absence only in the provider's own form", async () => {
    expect(await client.findInbox("nobody@agentmail.to")).toBeUndefined();
    const legacy = { name: "NotFoundError", message: "Inbox not found" };
    test.double.faults.add({ match: {}, fault: { kind: "status", status: 404, body: legacy } });
    expect(await client.findInbox("nobody@agentmail.to")).toBeUndefined();
    for (const fault of [
      { kind: "html", status: 404 },
      { kind: "status", status: 404, body: { message: "Not Found" } },
    ]) {
      test.double.faults.add({ match: {}, fault });
      expect(await failure(client.findInbox("nobody@agentmail.to"))).toMatchObject({ code: "invalid" });
    }
  });
});

describe("an answer that has changed", () => {
  it("still yields what it says: above all a secret that is shown once", async () => {
    const made = await client.createInbox({ username: "one" });
    const body = { api_key_id: "k", api_key: "am_shown_once", prefix: 5, added_later: {} };
    const match = { method: "POST", path: "/api-keys$" };
    test.double.faults.add({ match, position: "after", fault: { kind: "status", status: 201, body } });
    const key = await client.createInboxKey(made.inboxId, "one", {});
    expect(key).toEqual({ apiKeyId: "k", secret: "am_shown_once" });
  });
});

describe("a request without a usable answer", () => {
  it.each([
    ["a page instead of an answer", { kind: "html", status: 200 }],
    ["half an answer", { kind: "truncatedJson" }],
    ["another shape", { kind: "status", status: 200, body: { inboxes: [{ inbox_id: 5 }] } }],
    ["nothing at all", { kind: "reset" }],
  ])("%s is in doubt", async (_name, fault) => {
    test.double.faults.add({ match: {}, fault });
    expect(await failure(client.listInboxes())).toMatchObject({ code: "ambiguous" });
  });

  it("is given up at the deadline of the operation, also when only the body does not end", async () => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const shortened = vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => timeout(ms / 100));
    try {
      const options = { baseUrl: test.double.url, apiKey: test.double.apiKey };
      test.double.faults.add({ match: {}, fault: { kind: "hang" } });
      expect(await failure(new AgentMailClient(options).listInboxes())).toMatchObject({ code: "ambiguous" });
      const endless: typeof fetch = (_input, init) => {
        const body = new ReadableStream({
          start: (controller) =>
            init?.signal?.addEventListener("abort", () => controller.error(init.signal?.reason)),
        });
        return Promise.resolve(new Response(body, { status: 200 }));
      };
      const stuck = new AgentMailClient({ ...options, fetch: endless });
      expect(await failure(stuck.listInboxes())).toMatchObject({ code: "ambiguous" });
    } finally {
      shortened.mockRestore();
    }
  });

  it("is given up when the answer is larger than any list", async () => {
    const large: typeof fetch = () => Promise.resolve(new Response("x".repeat(3 * 1024 * 1024)));
    const flooded = new AgentMailClient({ apiKey: "any", fetch: large });
    expect(await failure(flooded.listInboxes())).toMatchObject({
      code: "ambiguous",
      detail: "the answer is too large",
    });
  });

  it("ends when a list does not", async () => {
    const page = JSON.stringify({ count: 0, inboxes: [], next_page_token: "again" });
    const endless: typeof fetch = () => Promise.resolve(new Response(page));
    const circling = new AgentMailClient({ apiKey: "any", fetch: endless });
    expect(await failure(circling.listInboxes())).toMatchObject({ code: "transient" });
  });
});
