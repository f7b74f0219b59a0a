import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ERRORS } from "../domain/errors.ts";
import { parseConfig } from "./config.ts";
import { type RunningGateway, startGateway } from "./start.ts";

let gateway: RunningGateway;
// biome-ignore lint/suspicious/noExplicitAny: the document is looked into freely
let document: any;

beforeAll(async () => {
  const config = parseConfig({
    DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none",
    API_KEY: "0123456789abcdef",
    API_PORT: "0",
    MASTER_KEY: Buffer.alloc(32).toString("base64"),
    PUBLIC_API_URL: "https://agents.example.org",
  });
  gateway = await startGateway(config, () => undefined);
  document = await (await fetch(`${gateway.url}/openapi.json`)).json();
});
afterAll(() => gateway.stop());

// biome-ignore lint/suspicious/noExplicitAny: operations are looked into freely
const operations = (): [string, any][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods ?? {}).map(([method, operation]): [string, unknown] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );

test("it is OpenAPI 3.1 with every route and its access", () => {
  expect(document.openapi).toBe("3.1.0");
  expect(document.servers).toEqual([{ url: "https://agents.example.org" }]);
  const access = operations().map(([name, { security }]) => {
    const credentials = security.flatMap((one: object) => Object.keys(one));
    return `${credentials.join("|") || "open"} ${name}`;
  });
  expect(access.sort()).toEqual([
    "adminKey GET /api/inbound/counts",
    "adminKey GET /api/instances",
    "adminKey GET /api/instances/{id}",
    "adminKey GET /api/instances/{id}/receipt",
    "adminKey GET /api/instances/{id}/spend",
    "adminKey GET /api/pool",
    "adminKey GET /api/providers",
    "adminKey POST /api/instances/{id}/explode",
    "adminKey POST /api/instances/{id}/top-ups",
    "adminKey POST /api/pool/audit",
    "adminKey POST /api/pool/drain",
    "adminKey POST /api/pool/pause",
    "adminKey POST /api/pool/reconcile",
    "adminKey POST /api/pool/replenish",
    "adminKey POST /api/pool/resume",
    "adminKey POST /api/pool/rollout",
    "adminKey POST /codec/decode",
    "adminKey POST /codec/encode",
    "adminKey PUT /api/pool/max-age",
    "adminKey PUT /api/pool/rate",
    "adminKey PUT /api/pool/target",
    "bootstrapToken POST /api/instances/{id}/bootstrap",
    "claimKey|adminKey DELETE /api/claims/{id}",
    "claimKey|adminKey GET /api/claims/{id}",
    "claimKey|adminKey POST /api/claims/{id}/invite",
    "claimKey|adminKey POST /api/pool/claim",
    "instanceSecret DELETE /api/instances/{id}/inbound/{inboundId}",
    "instanceSecret GET /api/instances/{id}/equipment",
    "instanceSecret GET /api/instances/{id}/inbound/{inboundId}",
    "instanceSecret GET /broker/{id}/bankr/wallet/me",
    "instanceSecret GET /broker/{id}/bankr/wallet/portfolio",
    "instanceSecret GET /broker/{id}/telnyx/v2/messages/{messageId}",
    "instanceSecret GET /broker/{id}/telnyx/v2/phone_numbers",
    "instanceSecret POST /api/instances/{id}/attestation",
    "instanceSecret POST /api/instances/{id}/equipment",
    "instanceSecret POST /api/instances/{id}/events",
    "instanceSecret POST /broker/{id}/bankr/wallet/transfer",
    "instanceSecret POST /broker/{id}/telnyx/v2/messages",
    "open GET /.well-known/agents.json",
    "open GET /.well-known/jwks.json",
    "open GET /api/pool/counts",
    "open GET /healthz",
    "open GET /readyz",
    "providerSignature POST /webhooks/agentmail",
    "providerSignature POST /webhooks/railway/{secret}",
    "providerSignature POST /webhooks/telnyx",
  ]);
  expect(Object.keys(document.components.securitySchemes).sort()).toEqual([
    "adminKey",
    "bootstrapToken",
    "claimKey",
    "instanceSecret",
    "providerSignature",
  ]);
});

test("operations are named once, described, and every schema compiles", () => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  formats.default(ajv);
  const ids = new Set<string>();
  let schemas = 0;
  for (const [name, operation] of operations()) {
    expect(operation.summary, name).toMatch(/\S/);
    expect(ids.has(operation.operationId), name).toBe(false);
    ids.add(operation.operationId);
    const bodies = [operation.requestBody, ...Object.values(operation.responses)].filter(
      (body) => body?.content,
    );
    for (const { content } of bodies) {
      for (const { schema } of Object.values<{ schema: object }>(content)) {
        ajv.compile(schema);
        schemas += 1;
      }
    }
    for (const { schema } of operation.parameters ?? []) ajv.compile(schema);
    expect(Object.keys(operation.responses), name).toEqual(expect.arrayContaining(["4XX", "5XX"]));
  }
  expect(schemas).toBeGreaterThan(50);
});

test("a problem's code is one of the catalogue", () => {
  const [, operation] = operations().find(([name]) => name === "POST /api/pool/claim") ?? [];
  const { schema } = operation.responses["4XX"].content["application/problem+json"];
  expect(schema.properties.code.enum).toEqual(Object.keys(ERRORS));
  expect(operation.parameters).toEqual([
    expect.objectContaining({ in: "header", name: "idempotency-key", required: true }),
  ]);
});

test("the documentation is served", async () => {
  const page = await fetch(`${gateway.url}/docs`);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain("Swagger UI");
});
