import { afterAll, beforeAll, expect, it } from "vitest";
import { textsIn } from "../../activities/audit/texts-in.ts";
import { eventually } from "../testing/eventually.ts";
import { type ProgramName, TestPlatform } from "../testing/platform.ts";

const PROGRAMS: readonly ProgramName[] = ["workers", "claims", "gateway"];
let platform: TestPlatform;

beforeAll(async () => {
  platform = await TestPlatform.start({ target: 2, compute: "stand-in" });
  await platform.run(...PROGRAMS);
  await eventually("2 are idle", async () => (await platform.counts()).idle === 2, 60_000);
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
});

/** Its encodings, but for search attributes, which the server reads and which hold ids. */
async function encodingsOf(workflowId: string): Promise<string[]> {
  const { events } = await platform.temporal.workflow.getHandle(workflowId).fetchHistory();
  const encodings: string[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
    const { metadata } = Object(value);
    const { encoding, type } = Object(metadata);
    if (encoding instanceof Uint8Array && !type) encodings.push(textsIn(encoding).join(""));
    for (const part of Object.values(value)) look(part);
  };
  look(events);
  return encodings;
}

it("the codec is switched on under agents that run, program by program", async () => {
  for (const name of PROGRAMS) {
    await platform.program(name).stop();
    await platform.runWith(name, { TEMPORAL_CODEC: "on" });
  }
  const { status, body } = await platform.claim("sealed");
  expect(status).toBe(200);
  await platform.registry.db
    .updateTable("resources")
    .set({ state_since: new Date(0) })
    .execute();
  await platform.request("POST", `/api/instances/${body.instanceId}/explode`, {});
  const ended = await eventually(
    "it has exploded",
    async () => {
      const instance = await platform.instance(String(body.instanceId));
      return instance.state === "exploded" && instance;
    },
    60_000,
  );
  expect(ended.receipt).toBeDefined();
  await eventually("another is idle", async () => (await platform.counts()).idle === 2, 60_000);
  const explode = await encodingsOf(`explode/${body.instanceId}`);
  expect(explode.length).toBeGreaterThan(5);
  expect([...new Set(explode)]).toEqual(["binary/encrypted"]);
  // The instance's lifecycle began before: what it had is still read, what came since is sealed.
  expect(new Set(await encodingsOf(`instance/${body.instanceId}`))).toContain("binary/encrypted");
  expect((await platform.request("POST", "/api/pool/audit")).body).toEqual({ violations: [] });
}, 120_000);
