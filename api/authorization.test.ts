import { randomBytes } from "node:crypto";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import Fastify from "fastify";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { storeSecret } from "../activities/registry/secrets.ts";
import type { InstanceId } from "../domain/ids.ts";
import { startTestRegistry, type TestRegistry } from "../infra/testing/registry.ts";
import { guardRoutes } from "./access.ts";
import { digest } from "./auth.ts";
import { parseConfig } from "./config.ts";
import { type Credential, SECURITY_SCHEMES } from "./scopes.ts";
import { type RunningGateway, startGateway } from "./start.ts";

const KEYS = {
  admin: "admin-key-as-it-is-0123",
  nextAdmin: "admin-key-that-takes-its-place",
  claim: "claim-key-0123456789",
  nextClaim: "claim-key-that-takes-its-place",
};
const hashOf = (key: string): string => digest(key).toString("hex");

const isCredential = (name: string): name is Credential => Object.hasOwn(SECURITY_SCHEMES, name);

interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly accepted: readonly Credential[];
}

let registry: TestRegistry;
let gateway: RunningGateway;
let operations: readonly Operation[];
let instances: { id: InstanceId; secret: string }[];
const lines: string[] = [];

beforeAll(async () => {
  registry = await startTestRegistry();
  gateway = await startGateway(
    parseConfig({
      DATABASE_URL: registry.url,
      // Nobody listens there: whoever is let in is answered without it.
      TEMPORAL_ADDRESS: "127.0.0.1:1",
      API_KEY: KEYS.admin,
      ADMIN_KEYS: hashOf(KEYS.nextAdmin),
      CLAIM_KEYS: `${hashOf(KEYS.claim)},${hashOf(KEYS.nextClaim)}`,
      API_PORT: "0",
      MASTER_KEY: registry.masterKey.toString("base64"),
    }),
    (event, fields) => lines.push(JSON.stringify({ event, ...fields })),
  );
  operations = operationsOf(await (await fetch(`${gateway.url}/openapi.json`)).json());
  instances = await Promise.all([0, 1].map(makeInstance));
});
afterAll(async () => {
  await gateway.stop();
  await registry[Symbol.asyncDispose]();
});

async function makeInstance(): Promise<{ id: InstanceId; secret: string }> {
  const id = await registry.idle();
  const secret = randomBytes(32).toString("hex");
  await storeSecret(registry.registry, registry.registry.db, id, "instance-secret", secret);
  return { id, secret };
}

/** Every operation of the document, in which each has to say what it asks for. */
function operationsOf(document: unknown): Operation[] {
  const { paths } = Object(document);
  return Object.entries(Object(paths)).flatMap(([path, methods]) =>
    Object.entries(Object(methods)).map(([method, operation]): Operation => {
      const name = `${method.toUpperCase()} ${path}`;
      const { security } = Object(operation);
      if (!Array.isArray(security)) throw new Error(`${name} does not say who may call it`);
      const accepted = security.flatMap((one) => Object.keys(Object(one))).filter(isCredential);
      return { name, method: method.toUpperCase(), path, accepted };
    }),
  );
}

/** With a body that no route accepts, so that whoever is let in changes nothing. */
async function statusOf(
  { method, path }: Operation,
  id: string,
  authorization: string | undefined,
): Promise<number> {
  const hasBody = method !== "GET";
  const isBootstrap = path.endsWith("/bootstrap");
  const response = await fetch(
    `${gateway.url}${path.replace("{id}", idFor(path, id)).replaceAll(/\{\w+\}/g, "another-0")}`,
    {
      method,
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...(hasBody ? { "content-type": "application/json" } : {}),
      },
      ...(hasBody ? { body: isBootstrap ? '{"epoch":1}' : "{" } : {}),
    },
  );
  await response.arrayBuffer();
  return response.status;
}

const idFor = (path: string, instanceId: string): string =>
  path.startsWith("/api/claims/") ? "c".repeat(20) : instanceId;

type Caller = readonly [who: string, authorization: string | undefined, is: Credential | undefined];

function callers(): Caller[] {
  const [own, other] = instances;
  const bearer = (token: string | undefined): string => `Bearer ${token ?? ""}`;
  return [
    ["no token", undefined, undefined],
    ["an empty token", "Bearer ", undefined],
    ["a wrong token", bearer("wrong-0123456789abcdef"), undefined],
    ["the hash of an admin key", bearer(hashOf(KEYS.admin)), undefined],
    ["an admin key by another scheme", `Basic ${btoa(`admin:${KEYS.admin}`)}`, undefined],
    ["an admin key", bearer(KEYS.admin), "adminKey"],
    ["another admin key", bearer(KEYS.nextAdmin), "adminKey"],
    ["a claim key", bearer(KEYS.claim), "claimKey"],
    ["another claim key", bearer(KEYS.nextClaim), "claimKey"],
    ["the instance's secret", bearer(own?.secret), "instanceSecret"],
    ["another instance's secret", bearer(other?.secret), undefined],
  ];
}

/** 403 for a claim key where an admin key would do, 401 for everything else that is not accepted. */
function expected({ accepted }: Operation, is: Credential | undefined): "let in" | 401 | 403 {
  if (accepted.length === 0 || (is !== undefined && accepted.includes(is))) return "let in";
  return is === "claimKey" && accepted.includes("adminKey") ? 403 : 401;
}

const REFUSALS = [401, 403, 429];

describe("every route of the document", () => {
  it("lets in exactly whom it says, before it reads the body", async () => {
    const id = instances[0]?.id ?? "";
    const wrong: string[] = [];
    const attempts = operations.map((operation) =>
      callers().map(async ([who, authorization, is]) => {
        const status = await statusOf(operation, id, authorization);
        const wanted = expected(operation, is);
        const isRight = wanted === "let in" ? !REFUSALS.includes(status) : status === wanted;
        if (!isRight) wrong.push(`${operation.name} with ${who}: ${status}, not ${wanted}`);
      }),
    );
    await Promise.all(attempts.flat());
    expect(wrong).toEqual([]);
    expect(operations.length).toBeGreaterThan(20);
  }, 60_000);

  it("has somebody whom it refuses, but for those that are open by decision", () => {
    const open = operations.filter(({ accepted }) => accepted.length === 0).map(({ name }) => name);
    expect(open.sort()).toEqual([
      "GET /.well-known/agents.json",
      "GET /.well-known/jwks.json",
      "GET /api/pool/counts",
      "GET /healthz",
      "GET /readyz",
    ]);
  });

  it("refuses in the words of the catalogue and logs no token", async () => {
    const refused = await fetch(`${gateway.url}/api/pool`, {
      headers: { authorization: `Bearer ${KEYS.claim}` },
    });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ code: "forbidden", retryable: false });
    const unknown = await fetch(`${gateway.url}/api/pool`);
    expect(unknown.headers.get("www-authenticate")).toBe("Bearer");
    const tokens = [...Object.values(KEYS), ...instances.map(({ secret }) => secret)];
    for (const token of tokens) expect(lines.join("\n")).not.toContain(token);
  });
});

describe("a route that does not say who may call it", () => {
  const fastify = () => {
    const server = Fastify().withTypeProvider<TypeBoxTypeProvider>();
    guardRoutes(server, { config: { callers: { admin: [], claim: [] } }, registry: registry.registry });
    return server;
  };
  const add =
    (url: string, config: object, schema: object = {}) =>
    () =>
      fastify().get(url, { config, schema }, () => "");

  test.each([
    ["nothing", "/new", {}, {}, "the route GET /new does not say who may call it"],
    ["a misspelt scope", "/new", { access: "admim" }, {}, "does not say who may call it"],
    ["an inherited name", "/new", { access: "toString" }, {}, "does not say who may call it"],
    ["a hidden route", "/new", { access: "admin" }, { hide: true }, "is hidden but not open"],
    ["an instance's, without an instance", "/new", { access: "instance" }, {}, "names no instance"],
  ])("%s: the gateway does not start", (_what, url, config, schema, message) => {
    expect(add(url, config, schema)).toThrow(message);
  });

  it("starts once it does", () => {
    expect(add("/new/:id", { access: "instance" })).not.toThrow();
  });
});

it("answers 429 with the time to wait to whoever asks too often, and to nobody else", async () => {
  const [busy, other] = instances;
  const report = async ({ id, secret }: { id: string; secret: string }) => {
    const answer = await fetch(`${gateway.url}/api/instances/${id}/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body: "{",
    });
    return {
      status: answer.status,
      after: answer.headers.get("retry-after"),
      body: Object(await answer.json()),
    };
  };
  if (!busy || !other) throw new Error("no instances");
  const answers = await Promise.all(Array.from({ length: 400 }, () => report(busy)));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]).toMatchObject({ after: "1", body: { code: "rate-limited", retryable: true } });
  expect((await report(other)).status).toBe(400);
});
