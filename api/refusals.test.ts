import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createInvite } from "../agent/convos/invite/create.ts";
import { ERRORS } from "../domain/errors.ts";
import { LIMITS } from "../domain/limits.ts";
import { type Fixture, startFixture } from "./testing/fixture.ts";
import { type Call, call } from "./testing/http.ts";

/** Everything a caller can get wrong about one request: a precise problem, nothing held, nothing told. */

const WORDS = "SECRET-WORDS-OF-A-PERSON";
let fixture: Fixture;
let url: string;

beforeAll(async () => {
  fixture = await startFixture();
  url = fixture.gateway.url;
});
afterAll(() => fixture[Symbol.asyncDispose]());

const invite = (env: "local" | "production", expiresAt?: Date): string =>
  createInvite({
    privateKey: randomBytes(32),
    inboxId: randomBytes(32).toString("hex"),
    groupId: randomBytes(16).toString("hex"),
    tag: "abcdefghij",
    env,
    expiresAt,
  }).url;

const CLAIM = "/api/pool/claim";
const KEY = { "idempotency-key": WORDS };
const good = { instructions: WORDS };
const withBody = (body: unknown): Call => ({ body, headers: KEY });

const CASES: readonly [
  what: string,
  path: string,
  options: Call,
  code: keyof typeof ERRORS,
  detail?: string,
][] = [
  ["no key", CLAIM, { ...withBody(good), token: "" }, "unauthorized"],
  ["a wrong key", CLAIM, { ...withBody(good), token: WORDS }, "unauthorized"],
  [
    "a key that begins right",
    CLAIM,
    { ...withBody(good), token: "test-key-0123456789abcde" },
    "unauthorized",
  ],
  ["no Idempotency-Key", CLAIM, { body: good }, "idempotency-key-required"],
  [
    "an empty Idempotency-Key",
    CLAIM,
    { body: good, headers: { "idempotency-key": "" } },
    "idempotency-key-required",
  ],
  [
    "a long Idempotency-Key",
    CLAIM,
    { body: good, headers: { "idempotency-key": "k".repeat(LIMITS.idempotencyKeyMaxChars + 1) } },
    "idempotency-key-required",
  ],
  ["no JSON", CLAIM, { raw: `{"instructions": ${WORDS}`, headers: KEY }, "invalid-request"],
  ["a poisoned body", CLAIM, { raw: `{"__proto__": {"${WORDS}": 1}}`, headers: KEY }, "invalid-request"],
  ["an empty body", CLAIM, { method: "POST", raw: "", headers: KEY }, "invalid-request"],
  ["a body that is a list", CLAIM, withBody([WORDS]), "invalid-request", "body must be object"],
  [
    "another media type",
    CLAIM,
    { raw: WORDS, headers: { ...KEY, "content-type": "text/plain" } },
    "unsupported-media-type",
  ],
  [
    "too large a body",
    CLAIM,
    withBody({ instructions: "x".repeat(LIMITS.requestBodyMaxBytes) }),
    "payload-too-large",
  ],
  [
    "no instructions",
    CLAIM,
    withBody({}),
    "invalid-request",
    "body must have required property 'instructions'",
  ],
  [
    "blank instructions",
    CLAIM,
    withBody({ instructions: " \n" }),
    "invalid-request",
    "body/instructions must match",
  ],
  [
    "over-long instructions",
    CLAIM,
    withBody({ instructions: "x".repeat(LIMITS.instructionsMaxChars + 1) }),
    "invalid-request",
    "body/instructions must NOT have more than 32000 characters",
  ],
  [
    "instructions that are no text",
    CLAIM,
    withBody({ instructions: 1 }),
    "invalid-request",
    "body/instructions must be",
  ],
  [
    "an unknown field",
    CLAIM,
    withBody({ ...good, joinURL: WORDS }),
    "invalid-request",
    "body must not have the field 'joinURL'",
  ],
  [
    "an over-long name",
    CLAIM,
    withBody({ ...good, name: "n".repeat(51) }),
    "invalid-request",
    "body/name must NOT",
  ],
  [
    "a name of two lines",
    CLAIM,
    withBody({ ...good, name: "a\nb" }),
    "invalid-request",
    "body/name must match",
  ],
  [
    "a picture without https",
    CLAIM,
    withBody({ ...good, profileImage: WORDS }),
    "invalid-request",
    "body/profileImage",
  ],
  [
    "a wait that is text",
    CLAIM,
    withBody({ ...good, waitMs: "1" }),
    "invalid-request",
    "body/waitMs must be integer",
  ],
  [
    "too long a wait",
    CLAIM,
    withBody({ ...good, waitMs: 60_001 }),
    "invalid-request",
    "body/waitMs must be <= 60000",
  ],
  [
    "an unknown wish",
    CLAIM,
    withBody({ ...good, onEmpty: WORDS }),
    "invalid-request",
    "body/onEmpty must be one of wait, reject",
  ],
  [
    "metadata that is no text",
    CLAIM,
    withBody({ ...good, metadata: { a: 1 } }),
    "invalid-request",
    "body/metadata/a",
  ],
  [
    "too much metadata",
    CLAIM,
    withBody({ ...good, metadata: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`k${n}`, ""])) }),
    "invalid-request",
    "body/metadata must NOT have more than 20",
  ],
  ["no invite", CLAIM, withBody({ ...good, joinUrl: WORDS }), "invite-invalid"],
  [
    "an expired invite",
    CLAIM,
    withBody({ ...good, joinUrl: invite("local", new Date(1e9)) }),
    "invite-expired",
  ],
  ["a foreign invite", CLAIM, withBody({ ...good, joinUrl: invite("production") }), "invite-foreign-network"],
  ["an unknown claim", `/api/claims/${"a".repeat(20)}`, {}, "not-found"],
  ["a claim that is none", "/api/claims/1;DROP", {}, "not-found"],
  ["an unknown claim to cancel", `/api/claims/${"a".repeat(20)}`, { method: "DELETE" }, "not-found"],
  ["an unknown instance", `/api/instances/${"a".repeat(12)}`, {}, "not-found"],
  ["an instance that is none", `/api/instances/${WORDS}`, {}, "not-found"],
  [
    "an unknown instance to explode",
    `/api/instances/${"a".repeat(12)}/explode`,
    { method: "POST" },
    "not-found",
  ],
  [
    "an unknown reason to explode",
    `/api/instances/${"a".repeat(12)}/explode`,
    { body: { reason: WORDS } },
    "invalid-request",
    "body/reason must be one of operator",
  ],
  [
    "an unknown query",
    "/api/instances?ended=maybe",
    {},
    "invalid-request",
    "querystring/ended must be one of",
  ],
  [
    "another unknown query",
    "/api/instances?end=true",
    {},
    "invalid-request",
    "must not have the field 'end'",
  ],
  [
    "too many agents",
    "/api/pool/replenish",
    { body: { count: 21 } },
    "invalid-request",
    "body/count must be <= 20",
  ],
  [
    "no agents to drain",
    "/api/pool/drain",
    { body: { count: 0 } },
    "invalid-request",
    "body/count must be >= 1",
  ],
  [
    "a broken target",
    "/api/pool/target",
    { method: "PUT", body: { target: 1.5 } },
    "invalid-request",
    "body/target",
  ],
  ["a pause without a reason", "/api/pool/pause", { body: {} }, "invalid-request", "'reason'"],
  ["a resume with more", "/api/pool/resume", { body: { now: true } }, "invalid-request", "'now'"],
  ["an unknown route", "/api/pool/agents", {}, "route-not-found"],
  ["a wrong method", "/api/pool/counts", { method: "POST" }, "route-not-found"],
  ["a URL that is none", "/%ff", {}, "invalid-request", "URL"],
];

test.each(CASES)("%s", async (_what, path, options, code, detail) => {
  const answer = await call(url, path, options);
  expect(answer.body).toMatchObject({
    type: `urn:convos-agents:error:${code}`,
    code,
    status: ERRORS[code].status,
    title: ERRORS[code].title,
    hint: ERRORS[code].hint,
  });
  expect(answer.status).toBe(ERRORS[code].status);
  expect(answer.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
  expect(answer.headers.get("retry-after") !== null).toBe(ERRORS[code].retryable);
  if (detail !== undefined) expect(answer.body.detail).toContain(detail);
  expect(answer.text).not.toContain(WORDS);
});

test("nothing is held after all of that, and nothing of it is in the log", async () => {
  const claims = await fixture.registry.db.selectFrom("claims").select("id").execute();
  expect(claims).toEqual([]);
  expect(JSON.stringify(fixture.log)).not.toContain(WORDS);
  expect(fixture.log.filter(({ event }) => event === "request-failed")).toEqual([]);
});
