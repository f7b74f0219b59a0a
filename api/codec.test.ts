import { fileURLToPath } from "node:url";
import { Client } from "@temporalio/client";
import { NativeConnection, Worker } from "@temporalio/worker";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textsIn } from "../activities/audit/texts-in.ts";
import { poolWorkflowId } from "../domain/ids.ts";
import { TASK_QUEUES } from "../domain/task-queues.ts";
import { dataConverterOf } from "../infra/codec/data-converter.ts";
import { digest } from "./auth.ts";
import type { RunningGateway } from "./start.ts";
import { type Fixture, startFixture } from "./testing/fixture.ts";
import { type Answer, type Call, call } from "./testing/http.ts";
import { POOL } from "./testing/instances.ts";

const REASON = "the landlord is away";
const DETAIL = "words that an agent let slip";
const UI = "http://127.0.0.1:8233";
const CLAIM_KEY = "claim-key-0123456789";

let fixture: Fixture;
let gateway: RunningGateway;
let results: { pause: Answer; refused: Answer; audit: Answer };

beforeAll(async () => {
  fixture = await startFixture();
  const CLAIM_KEYS = digest(CLAIM_KEY).toString("hex");
  gateway = await fixture.startAnother({ TEMPORAL_CODEC: "on", CLAIM_KEYS });
  const connection = await NativeConnection.connect({ address: fixture.temporalAddress });
  const worker = await Worker.create({
    connection,
    taskQueue: TASK_QUEUES.control,
    workflowsPath: fileURLToPath(new URL("./testing/stand-in-workflows.ts", import.meta.url)),
    dataConverter: dataConverterOf(fixture.keys, "on"),
    activities: { audit: async () => [{ invariant: "I6", subject: "x", detail: DETAIL }] },
  });
  results = await worker.runUntil(async () => ({
    pause: await post("/api/pool/pause", { body: { reason: REASON } }),
    refused: await post("/api/pool/replenish", { body: { count: 20 } }),
    audit: await post("/api/pool/audit", { body: {} }),
  }));
  await connection.close();
}, 120_000);
afterAll(() => fixture[Symbol.asyncDispose]());

const post = (path: string, options: Call): Promise<Answer> => call(gateway.url, path, options);

/** As whoever has Temporal, but not the key, sees it. */
async function rawHistory(workflowId: string) {
  return (await fixture.client.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
}

interface Encoded {
  readonly metadata: Record<string, string>;
  readonly data: string;
}

/** Every payload that a history holds, in protobuf's JSON. */
function payloadsIn(value: unknown): Encoded[] {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return [];
  const { metadata, data } = Object(value);
  if (data instanceof Uint8Array && typeof metadata === "object" && metadata !== null) {
    const base64 = (bytes: unknown): string =>
      bytes instanceof Uint8Array ? Buffer.from(bytes).toString("base64") : "";
    const encoded = Object.entries(metadata).map(([name, bytes]) => [name, base64(bytes)]);
    return [{ metadata: Object.fromEntries(encoded), data: base64(data) }];
  }
  return Object.values(value).flatMap(payloadsIn);
}

const decode = (payloads: readonly Encoded[], options: Call = {}): Promise<Answer> =>
  post("/codec/decode", { body: { payloads }, ...options });
const readable = ({ body }: Answer): string =>
  body.payloads.map(({ data }: Encoded) => Buffer.from(data, "base64").toString()).join("\n");

describe("with the codec on", () => {
  it("gateway, workflows and activities understand one another, failures included", () => {
    expect(results.pause.status).toBe(200);
    expect(results.refused).toMatchObject({ status: 409, body: { code: "conflict" } });
    expect(results.audit.body.violations[0].detail).toBe(DETAIL);
  });

  it("histories hold ciphertext: inputs, results, failures, summaries", async () => {
    const pool = await rawHistory(poolWorkflowId(POOL));
    const audit = await rawHistory("audit/manual");
    const texts = [...textsIn(pool), ...textsIn(audit)].join("\n");
    for (const text of [REASON, DETAIL, "The present state does not allow", "Pool default", "asked for by"])
      expect(texts).not.toContain(text);
    const sealed = [...payloadsIn(pool), ...payloadsIn(audit)].filter(
      ({ metadata }) => metadata.encoding === btoa("binary/encrypted"),
    );
    expect(sealed.length).toBeGreaterThan(4);
    // Search attributes are for the server to read, and hold names and ids only.
    const open = [...payloadsIn(pool), ...payloadsIn(audit)].filter(
      ({ metadata }) => metadata.encoding !== btoa("binary/encrypted"),
    );
    expect(open.every(({ metadata }) => "type" in metadata)).toBe(true);
  });

  it("the endpoint opens them for an admin key only", async () => {
    const payloads = [...payloadsIn(await rawHistory(poolWorkflowId(POOL)))];
    const opened = await decode(payloads);
    expect(opened.status).toBe(200);
    expect(opened.headers.get("cache-control")).toBe("no-store");
    for (const text of [REASON, "The present state does not allow", "Pool default"])
      expect(readable(opened)).toContain(text);
    for (const [token, status] of [
      ["", 401],
      ["wrong-0123456789", 401],
      [CLAIM_KEY, 403],
    ] as const) {
      const refused = await decode(payloads, { token });
      expect(refused.status).toBe(status);
      expect(refused.text).not.toContain(REASON);
    }
  });

  it("the endpoint seals what the endpoint opens", async () => {
    const plain = { metadata: { encoding: btoa("json/plain") }, data: btoa('"a text"') };
    const sealed = await post("/codec/encode", { body: { payloads: [plain] } });
    expect(atob(sealed.body.payloads[0].metadata.encoding)).toBe("binary/encrypted");
    expect((await decode(sealed.body.payloads)).body).toEqual({ payloads: [plain] });
    const [{ metadata, data }] = sealed.body.payloads;
    const changed = await decode([{ metadata, data: `${data.slice(0, -8)}AAAAAAA=` }]);
    expect(changed).toMatchObject({ status: 400, body: { code: "invalid-request" } });
  });

  it("only pages of the configured Web UI may read the answers", async () => {
    const preflight = (origin: string) =>
      fetch(`${gateway.url}/codec/decode`, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST" },
      });
    const allowed = await preflight(UI);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe(UI);
    expect(allowed.headers.get("access-control-allow-headers")).toContain("authorization");
    for (const origin of ["https://evil.example", `${UI}.evil.example`, "null"])
      expect((await preflight(origin)).headers.get("access-control-allow-origin")).toBeNull();
    const fromUi = await decode([], { headers: { origin: UI } });
    expect(fromUi.headers.get("access-control-allow-origin")).toBe(UI);
    const fromElsewhere = await decode([], { headers: { origin: "https://evil.example" } });
    expect(fromElsewhere.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("with the codec off", () => {
  it("what was sealed before is read all the same", async () => {
    const client = new Client({
      connection: fixture.client.connection,
      dataConverter: dataConverterOf(fixture.keys, "off"),
    });
    expect(await client.workflow.getHandle("audit/manual").result()).toEqual([
      { invariant: "I6", subject: "x", detail: DETAIL },
    ]);
    const payloads = payloadsIn(await rawHistory("audit/manual"));
    const opened = await call(fixture.gateway.url, "/codec/decode", { body: { payloads } });
    expect(readable(opened)).toContain(DETAIL);
  });
});
