import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NativeConnection, Worker } from "@temporalio/worker";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bury, fence, storeReceipt } from "../activities/registry/end.ts";
import { readInstance } from "../activities/registry/instances.ts";
import { beginRelease, intend, settle } from "../activities/registry/ledger.ts";
import { ReceiptSigner, receiptBody } from "../activities/registry/receipt.ts";
import { API_KEY, type Fixture, startFixture } from "../api/testing/fixture.ts";
import { readyInstances } from "../api/testing/instances.ts";
import { boundClaims, deliver } from "../api/testing/stand-in-worker.ts";
import type { Violation } from "../domain/audit.ts";
import { parseInstanceId } from "../domain/ids.ts";
import { TASK_QUEUES } from "../domain/task-queues.ts";
import { eventually } from "../infra/testing/eventually.ts";
import { ApiProblem } from "./api-client.ts";
import { audit } from "./audit.ts";
import { claim } from "./claim.ts";
import { explode } from "./explode.ts";
import { invite } from "./invite.ts";
import { pool } from "./pool.ts";
import { status } from "./status.ts";
import { runCommand } from "./testing/run-command.ts";
import { verifyReceiptCommand } from "./verify-receipt.ts";

let fixture: Fixture;
let signer: ReceiptSigner;
let root: string;
let env: { API_URL: string; API_KEY: string };

beforeAll(async () => {
  fixture = await startFixture();
  const key = generateKeyPairSync("ed25519").privateKey.export({ format: "der", type: "pkcs8" });
  signer = new ReceiptSigner(key);
  const RECEIPT_KEY = key.toString("base64");
  const { url } = await fixture.startAnother({ RECEIPT_KEY });
  env = { API_URL: url, API_KEY };
  root = await mkdtemp(join(tmpdir(), "convos-cli-"));
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

/** Does what a worker would, once. */
const deliverNext = () =>
  eventually("a bound claim", async () => {
    const [bound] = await boundClaims(fixture.registry);
    if (bound) await deliver(fixture.registry, bound.claimId, bound.instanceId);
    return bound;
  });

test("claim prints the invite with its QR code and what can be done with it", async () => {
  const [instanceId] = await readyInstances(fixture.registry, 1);
  const claiming = runCommand(claim, ["--instructions", "You are our trip planner", "--name", "Trips"], {
    env,
  });
  await deliverNext();
  const { code, stdout } = await claiming;
  expect(code).toBe(0);
  expect(stdout).toContain("Trip planner is there");
  expect(stdout).toContain(`https://local.convos.org/v2?i=${instanceId}`);
  expect(stdout).toContain(`npm run explode -- ${instanceId}`);
  expect(stdout).toMatch(/[█▀▄]{10}/);
});

test("invite asks the claim's own agent, and says what is wrong with an id", async () => {
  const [instanceId] = await readyInstances(fixture.registry, 1);
  const claiming = runCommand(claim, ["--json", "--instructions", "x"], { env });
  await deliverNext();
  const [claimed] = (await claiming).events;
  expect(claimed).toMatchObject({ instanceId });
  await expect(runCommand(invite, [claimed.claimId], { env })).rejects.toMatchObject({
    problem: { code: "unavailable" },
  });
  await expect(runCommand(invite, ["A-claim"], { env })).rejects.toThrow("20 characters");
  await expect(runCommand(invite, [], { env })).rejects.toThrow("which claim");
});

test("claim --json tells one object; the same key gets the same agent", async () => {
  const [instanceId] = await readyInstances(fixture.registry, 1);
  const args = ["--json", "--instructions", "x", "--key", "my-key"];
  const claiming = runCommand(claim, args, { env });
  await deliverNext();
  const first = await claiming;
  expect(first.events).toEqual([
    expect.objectContaining({ event: "claim", key: "my-key", instanceId, status: "live" }),
  ]);
  expect((await runCommand(claim, args, { env })).events).toEqual(first.events);
});

test("claim --wait-ms asks once and says how to go on; without it, it goes on by itself", async () => {
  const args = ["--instructions", "x", "--key", "a-patient-one"];
  const once = await runCommand(claim, [...args, "--wait-ms", "0"], { env });
  expect(once.code).toBe(0);
  expect(once.stdout).toContain("is waiting: no agent is there yet");
  expect(once.stdout).toContain("--key a-patient-one");
  const refused = runCommand(claim, ["--instructions", "x", "--on-empty", "reject"], { env });
  await expect(refused).rejects.toMatchObject({ exitCode: 1, problem: { code: "pool-empty" } });
  const patient = runCommand(claim, args, { env });
  await readyInstances(fixture.registry, 1);
  await deliverNext();
  expect((await patient).stdout).toContain("Trip planner is there");
});

test("status shows the pool, why it is not full, and each agent with its claim", async () => {
  await writeFile(join(root, "credentials.json"), JSON.stringify({ apiUrl: env.API_URL, apiKey: API_KEY }));
  const [idle] = await readyInstances(fixture.registry, 1);
  const { code, stdout } = await runCommand(status, ["--state", "."], { root });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Pool default: 1 idle, 0 provisioning, 4 claimed/);
  expect(stdout).toContain("The pool is full: 1 of 0 idle.");
  expect(stdout).toMatch(new RegExp(`^${idle}  idle  +\\d+ s`, "m"));
  const { events } = await runCommand(status, ["--json", "--state", "."], { root });
  expect(events[0]).toMatchObject({ event: "status", pool: { target: 0 } });
  expect(
    events[0].instances.filter(({ claimId }: { claimId: string | null }) => claimId !== null),
  ).toHaveLength(4);
});

test("explode waits for the end and checks the receipt's signature", async () => {
  const [id] = await readyInstances(fixture.registry, 1);
  if (!id) throw new Error("no instance");
  const entry = await intend(fixture.registry, id, "openrouter", "key");
  const exploding = runCommand(explode, [id], { env });
  await eventually("the Explode", async () => {
    const runs = fixture.client.workflow.list({ query: `WorkflowId = "explode/${id}"` });
    for await (const _ of runs) return true;
    return false;
  });
  // What the Explode would do.
  await fence(fixture.registry, id, "operator");
  await beginRelease(fixture.registry, entry.id);
  await settle(fixture.registry, entry.id, { kind: "absent" });
  await bury(fixture.registry, id);
  const body = JSON.stringify({ instanceId: id });
  await storeReceipt(fixture.registry, id, signer.sign(body));
  const { code, stdout, stderr } = await exploding;
  expect(code).toBe(0);
  expect(stderr).toContain(`Instance ${id} is exploding.`);
  expect(stdout).toContain(`Instance ${id} has exploded (operator).`);
  expect(stdout).toMatch(new RegExp(`^openrouter  key   cv-local-${id}  absent$`, "m"));
  expect(stdout).toContain(`Receipt: signature valid (key ${signer.keyId})`);
  await fixture.client.workflow.getHandle(`explode/${id}`).terminate("nobody runs it");
  const again = await runCommand(explode, [id, "--json"], { env });
  expect(again.events).toEqual([
    expect.objectContaining({ event: "exploded", id, signature: "signature valid" }),
  ]);
});

test("verify-receipt tells a genuine receipt from a changed one, from the gateway and from files", async () => {
  const [id] = await readyInstances(fixture.registry, 1);
  if (!id) throw new Error("no instance");
  await fence(fixture.registry, id, "operator");
  const instance = await readInstance(fixture.registry, id);
  const retention = { backupHours: 0, historyHours: 24 };
  const receipt = signer.sign(receiptBody(instance, [], retention, new Date("2026-11-01T00:00:00Z")));
  await storeReceipt(fixture.registry, id, receipt);
  const online = await runCommand(verifyReceiptCommand, [id], { env });
  expect(online.code).toBe(0);
  expect(online.stdout).toContain(`Instance ${id} ended at 2026-11-01T00:00:00.000Z (operator).`);
  expect(online.stdout).toContain("histories: until 2026-11-02T00:00:00.000Z, ids and codes only");
  expect(online.stdout).toContain(`Signature: signature valid (key ${signer.keyId})`);

  const jwks = join(root, "jwks.json");
  await writeFile(jwks, await (await fetch(`${env.API_URL}/.well-known/jwks.json`)).text());
  const file = join(root, "receipt.json");
  await writeFile(file, JSON.stringify(receipt));
  expect((await runCommand(verifyReceiptCommand, [file, "--jwks", jwks])).code).toBe(0);
  const changed = { ...receipt, body: receipt.body.replace("operator", "drained") };
  await writeFile(file, JSON.stringify(changed));
  const forged = await runCommand(verifyReceiptCommand, [file, "--jwks", jwks]);
  expect([forged.code, forged.stdout.includes("signature WRONG")]).toEqual([1, true]);
});

test("explode says so when a receipt is forged, and when the instance is unknown", async () => {
  const [id] = await readyInstances(fixture.registry, 1);
  if (!id) throw new Error("no instance");
  await fence(fixture.registry, id, "operator");
  await bury(fixture.registry, id);
  await storeReceipt(fixture.registry, id, { ...signer.sign("{}"), body: "{} " });
  const { stdout } = await runCommand(explode, [id], { env });
  expect(stdout).toContain("signature WRONG");
  const unknown = parseInstanceId("a".repeat(12)) ?? "";
  await expect(runCommand(explode, [unknown], { env })).rejects.toMatchObject({
    problem: { code: "not-found" },
  });
});

test("pool shows the pool and passes on what the gateway says", async () => {
  const shown = await runCommand(pool, ["--json"], { env });
  expect(shown.events).toEqual([expect.objectContaining({ event: "pool", name: "default" })]);
  await expect(runCommand(pool, ["drain", "21"], { env })).rejects.toThrow("whole number from 1 to 20");
  await expect(runCommand(pool, ["pause", "two\nlines"], { env })).rejects.toMatchObject({
    problem: { code: "invalid-request" },
  });
  await expect(runCommand(pool, ["max-age", "8761"], { env })).rejects.toThrow("from 0 to 8760");
  await expect(runCommand(pool, ["rollout"], { env })).rejects.toThrow("needs a generation");
  await expect(runCommand(pool, ["rollout", "g2", "--strategy", "all"], { env })).rejects.toThrow("Recreate");
  await expect(runCommand(pool, ["resume", "--strategy", "Recreate"], { env })).rejects.toThrow("rollout");
  await expect(runCommand(pool, ["rollout", "g 2"], { env })).rejects.toMatchObject({
    problem: { code: "invalid-request" },
  });
  const connection = await NativeConnection.connect({ address: fixture.temporalAddress });
  const worker = await Worker.create({
    connection,
    taskQueue: TASK_QUEUES.control,
    workflowsPath: join(import.meta.dirname, "../api/testing/stand-in-workflows.ts"),
  });
  await worker.runUntil(async () => {
    for (const args of [
      ["rate", "30"],
      ["max-age", "0"],
      ["rollout", "g2", "--strategy", "Recreate"],
    ])
      expect((await runCommand(pool, args, { env })).stdout).toContain("Pool default:");
  });
  await connection.close();
});

test("audit tells each breach and fails, or says that nothing was found", async () => {
  const breach: Violation = { invariant: "I4", subject: "cv-local-abc", detail: "is in no ledger" };
  let found = [breach, { ...breach, subject: "cv-local-def" }];
  const connection = await NativeConnection.connect({ address: fixture.temporalAddress });
  const worker = await Worker.create({
    connection,
    taskQueue: TASK_QUEUES.control,
    workflowsPath: join(import.meta.dirname, "../api/testing/stand-in-workflows.ts"),
    activities: { audit: async () => found },
  });
  await worker.runUntil(async () => {
    expect(await runCommand(audit, [], { env })).toMatchObject({
      code: 1,
      stdout: "I4 cv-local-abc: is in no ledger\nI4 cv-local-def: is in no ledger\n",
    });
    const { code, events } = await runCommand(audit, ["--json"], { env });
    expect([code, events]).toEqual([1, [{ event: "audit", violations: found }]]);
    found = [];
    expect(await runCommand(audit, [], { env })).toMatchObject({ code: 0, stdout: "nothing found\n" });
  });
  await connection.close();
});

test("a wrong key is refused with where the right one is", async () => {
  const refused = runCommand(status, [], { env: { ...env, API_KEY: "wrong" } });
  await expect(refused).rejects.toBeInstanceOf(ApiProblem);
  await expect(refused).rejects.toMatchObject({ hint: expect.stringContaining(".local/credentials.json") });
});
