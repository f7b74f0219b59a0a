import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestDouble } from "./testing.ts";

const DOCUMENTED_FIELDS = [
  ..."hash name label disabled limit limit_remaining limit_reset include_byok_in_limit".split(" "),
  ..."usage usage_daily usage_weekly usage_monthly".split(" "),
  ..."byok_usage byok_usage_daily byok_usage_weekly byok_usage_monthly".split(" "),
  ..."created_at updated_at expires_at creator_user_id workspace_id external_user".split(" "),
].sort();

let test: TestDouble;
beforeEach(async () => {
  test = await TestDouble.start();
});
afterEach(() => test.close());

describe("POST /keys", () => {
  it("answers 201 with the full KeyObject and the secret, once", async () => {
    const answer = await test.manage("POST", "/keys", {
      name: "cv-test-1",
      limit: 20,
      limit_reset: "monthly",
    });
    expect(answer.status).toBe(201);
    expect(Object.keys(Object(answer.at("data"))).sort()).toEqual(DOCUMENTED_FIELDS);
    const secret = String(answer.at("key"));
    expect(secret).toMatch(/^sk-or-v1-[0-9a-f]{64}$/);
    expect(answer.at("data", "hash")).toBe(createHash("sha256").update(secret).digest("hex"));
    expect(answer.at("data")).toMatchObject({
      name: "cv-test-1",
      disabled: false,
      limit: 20,
      limit_remaining: 20,
      limit_reset: "monthly",
      usage: 0,
      updated_at: null,
    });
    const listing = await test.fetch("GET", "/keys", test.double.managementKey);
    const state = await test.fetch("GET", "/__double/state", null);
    expect((await listing.text()) + (await state.text())).not.toContain(secret);
  });

  it("makes another key of the same name: names are not unique", async () => {
    const first = await test.createKey({ name: "same" });
    const second = await test.createKey({ name: "same" });
    expect(first.hash).not.toBe(second.hash);
    expect(test.double.state().keys.map(({ name }) => name)).toEqual(["same", "same"]);
  });

  it.each([
    [{}],
    [{ name: "" }],
    [{ name: "x", limit: -1 }],
    [{ name: "x", limit: "20" }],
    [{ name: "x", limit_reset: "yearly" }],
    [{ name: "x", expires_at: "tomorrow" }],
    ["{broken"],
  ])("refuses %j with 400", async (body) => {
    const answer = await test.manage("POST", "/keys", body);
    expect([answer.status, answer.at("error", "code")]).toEqual([400, 400]);
    expect(test.double.state().keys).toEqual([]);
  });
});

describe("GET /keys", () => {
  it("pages by 100 until an empty page", async () => {
    await Promise.all(Array.from({ length: 205 }, (_, index) => test.createKey({ name: `k${index}` })));
    const hashes: unknown[] = [];
    const sizes: number[] = [];
    for (let offset = 0, size = -1; size !== 0; offset += size) {
      const page = (await test.manage("GET", `/keys?offset=${offset}`)).at("data");
      const keys: unknown[] = Array.isArray(page) ? page : [];
      size = keys.length;
      sizes.push(size);
      for (const key of keys) hashes.push(Object(key).hash);
    }
    expect(sizes).toEqual([100, 100, 5, 0]);
    expect(new Set(hashes).size).toBe(205);
    expect((await test.manage("GET", "/keys?offset=-1")).status).toBe(400);
  });

  it("leaves out disabled keys unless asked, and other workspaces always", async () => {
    const { hash } = await test.createKey({ name: "off" });
    await test.manage("PATCH", `/keys/${hash}`, { disabled: true });
    await test.createKey({ name: "elsewhere", workspace_id: "11111111-1111-4111-8111-111111111111" });
    expect((await test.manage("GET", "/keys")).at("data")).toEqual([]);
    expect((await test.manage("GET", "/keys?include_disabled=true")).at("data")).toHaveLength(1);
    const other = await test.manage("GET", "/keys?workspace_id=11111111-1111-4111-8111-111111111111");
    expect(other.at("data", 0, "name")).toBe("elsewhere");
  });
});

describe("one key", () => {
  it("is read and changed by its hash; what is not given stays", async () => {
    const { hash } = await test.createKey({ name: "before", limit: 5, limit_reset: "weekly" });
    const changed = await test.manage("PATCH", `/keys/${hash}`, {
      limit: 25,
      name: "after",
      secret: "ignored",
    });
    expect(changed.status).toBe(200);
    const read = await test.manage("GET", `/keys/${hash}`);
    expect(read.at("data")).toEqual(changed.at("data"));
    expect(read.at("data")).toMatchObject({
      name: "after",
      limit: 25,
      limit_remaining: 25,
      limit_reset: "weekly",
    });
    expect(read.at("data", "updated_at")).toEqual(expect.any(String));
    const unlimited = await test.manage("PATCH", `/keys/${hash}`, { limit: null, limit_reset: null });
    expect(unlimited.at("data")).toMatchObject({ limit: null, limit_remaining: null, limit_reset: null });
    expect((await test.manage("PATCH", `/keys/${hash}`, { disabled: "yes" })).status).toBe(400);
  });

  it("is deleted once, then 404 for every verb", async () => {
    const { hash } = await test.createKey();
    const deleted = await test.fetch("DELETE", `/keys/${hash}`, test.double.managementKey);
    expect([deleted.status, await deleted.json()]).toEqual([200, { deleted: true }]);
    for (const [method, body] of [["DELETE"], ["GET"], ["PATCH", {}]] as const) {
      const answer = await test.manage(method, `/keys/${hash}`, body);
      expect([answer.status, answer.at("error", "message")]).toEqual([404, "Resource not found"]);
    }
  });

  it("is not deleted by a burst: 429, by default beyond twenty in a second", async () => {
    expect(test.double.state().settings.maxDeletesPerSecond).toBe(20);
    await test.set({ maxDeletesPerSecond: 1 });
    const keys = await Promise.all(Array.from({ length: 5 }, () => test.createKey()));
    const answers = await Promise.all(keys.map(({ hash }) => test.manage("DELETE", `/keys/${hash}`)));
    const throttled = answers.filter(({ status }) => status === 429);
    expect(throttled.length).toBeGreaterThanOrEqual(1);
    expect(test.double.state().keys).toHaveLength(throttled.length);
  });
});

describe("the two kinds of key", () => {
  it("management needs the management key", async () => {
    const { secret, hash } = await test.createKey();
    const attempts: [string, string][] = [
      ["POST", "/keys"],
      ["GET", "/keys"],
      ["GET", `/keys/${hash}`],
      ["PATCH", `/keys/${hash}`],
      ["DELETE", `/keys/${hash}`],
      ["GET", "/credits"],
    ];
    for (const [method, path] of attempts) {
      const body = method === "POST" || method === "PATCH" ? { name: "x", disabled: true } : undefined;
      expect((await test.call(method, path, null, body)).status).toBe(401);
      expect((await test.call(method, path, "sk-or-v1-unknown", body)).at("error", "message")).toBe(
        "User not found.",
      );
      const refused = await test.call(method, path, secret, body);
      expect(refused.status).toBe(403);
      expect(refused.at("error", "message")).toBe("Only management keys can perform this operation");
    }
    expect(test.double.state().keys).toMatchObject([{ name: "a-key", disabled: false }]);
  });

  it("a management key runs no completions", async () => {
    expect((await test.chat(test.double.managementKey, "hi")).status).toBe(403);
  });

  it("another management key can be set", async () => {
    const other = await TestDouble.start({ managementKey: "another" });
    expect((await other.call("GET", "/keys", "local-management-key")).status).toBe(401);
    expect((await other.call("GET", "/keys", "another")).status).toBe(200);
    await other.close();
  });
});

describe("GET /key", () => {
  it("tells an inference key about itself, without its name and hash", async () => {
    const { secret } = await test.createKey({ limit: 3 });
    const answer = await test.call("GET", "/key", secret);
    expect(answer.status).toBe(200);
    expect(answer.at("data")).toMatchObject({
      limit: 3,
      limit_remaining: 3,
      usage: 0,
      is_free_tier: false,
      is_management_key: false,
      is_provisioning_key: false,
      organization_id: null,
      rate_limit: { requests: expect.any(Number), interval: expect.any(String), note: expect.any(String) },
      free_model_daily_requests: { limit: 1000, remaining: 1000, used: 0 },
    });
    expect(Object.keys(Object(answer.at("data")))).not.toEqual(expect.arrayContaining(["hash", "name"]));
    expect((await test.manage("GET", "/key")).at("data", "is_management_key")).toBe(true);
    expect((await test.call("GET", "/key", null)).status).toBe(401);
  });
});

describe("schema drift", () => {
  it("omits external_user as the published examples, or adds a field", async () => {
    await test.set({ schemaDrift: "omitExternalUser" });
    expect((await test.manage("POST", "/keys", { name: "x" })).at("data")).not.toHaveProperty(
      "external_user",
    );
    await test.set({ schemaDrift: "unknownField" });
    expect((await test.manage("POST", "/keys", { name: "x" })).at("data")).toHaveProperty("added_later");
  });
});

describe("a failure after the effect", () => {
  it("leaves a key behind although the client saw a reset", async () => {
    test.double.faults.add({
      match: { method: "POST", path: "/keys$" },
      fault: { kind: "reset" },
      position: "after",
    });
    await expect(test.manage("POST", "/keys", { name: "cv-lost" })).rejects.toThrow();
    const found = await test.manage("GET", "/keys");
    expect(found.at("data", 0, "name")).toBe("cv-lost");
    expect(found.at("data")).toHaveLength(1);
  });

  it("leaves none when the failure came before", async () => {
    test.double.faults.add({
      match: { method: "POST", path: "/keys$" },
      fault: { kind: "status", status: 500 },
    });
    expect((await test.manage("POST", "/keys", { name: "cv-lost" })).status).toBe(500);
    expect(test.double.state().keys).toEqual([]);
  });

  it("deletes a key although the client saw a Cloudflare page", async () => {
    const { hash } = await test.createKey();
    test.double.faults.add({ match: { method: "DELETE" }, fault: { kind: "html" }, position: "after" });
    const response = await test.fetch("DELETE", `/keys/${hash}`, test.double.managementKey);
    expect([response.status, response.headers.get("content-type")]).toEqual([
      502,
      "text/html; charset=UTF-8",
    ]);
    expect((await test.manage("DELETE", `/keys/${hash}`)).status).toBe(404);
  });
});
