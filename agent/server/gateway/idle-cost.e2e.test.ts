import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { MODEL, TestDouble } from "../../../infra/local/doubles/openrouter/testing.ts";
import { SKILL_NAMES } from "../../skills/kit/skill.ts";
import { createLoopbackServer, type LoopbackServer } from "../loopback/server.ts";
import { aTurn, createQueuedTurns, type QueuedTurns } from "../loopback/testing/queue.ts";
import { openEverySkill } from "../skills/testing/every-skill.ts";
import { offeredSkills } from "./offered-skills.ts";
import type { Advanced } from "./testing/clock-messages.ts";
import { type ClockedGateway, startClockedGateway } from "./testing/clocked-gateway.ts";
import { createWarmup } from "./warmup.ts";

const isRoot = process.getuid?.() === 0;
/** Nobody else's on this machine: above those of local stacks, and not another run's of this test. */
const uid = 90_000 + (process.pid % 10_000);
const DAY_MS = 24 * 60 * 60_000;
/** More than a week, for what is planned weekly. */
const IDLE_MS = 8 * DAY_MS;
const TIMEOUT_MS = 300_000;
/** openclaw notes down its own plans in any case; they are off, and so is what would carry them out. */
const ITS_OWN = { heartbeat: "heartbeat-main", review: "skill-collection-review-main" };
const JobList = Type.Object({
  jobs: Type.Array(Type.Object({ name: Type.String(), enabled: Type.Boolean() })),
});

let dir: string;
let provider: TestDouble;
let turns: QueuedTurns;
let loopback: LoopbackServer;
let gateway: ClockedGateway | undefined;
const measured: Record<string, unknown> = {};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "idle-cost-"));
  await chmod(dir, 0o711);
  provider = await TestDouble.start({ recordRequests: true });
  const { secret } = await provider.createKey();
  turns = createQueuedTurns();
  loopback = await createLoopbackServer({
    turnSource: turns,
    model: { baseUrl: provider.double.url, key: secret, modelId: MODEL },
    log: () => undefined,
  });
});

afterAll(async () => {
  console.log(JSON.stringify(measured));
  await gateway?.stop();
  await loopback?.close();
  await provider?.close();
  await rm(dir, { recursive: true, force: true });
  // The one thing that openclaw leaves elsewhere.
  await rm(`/tmp/openclaw-state-locks-${uid}`, { recursive: true, force: true });
}, 60_000);

/** Starts a gateway in the place of the one before, warm and with every skill, as an agent in the pool has it. */
async function start(
  name: string,
  alter?: (config: Record<string, unknown>) => void,
): Promise<ClockedGateway> {
  await gateway?.stop();
  await using every = openEverySkill();
  const skills = offeredSkills(every.skills);
  expect(skills.names).toEqual([...SKILL_NAMES]);
  const startedAtMs = Date.now();
  gateway = await startClockedGateway({
    stateDir: join(dir, name),
    loopbackUrl: loopback.url,
    loopbackToken: loopback.renewToken(),
    modelId: MODEL,
    skills,
    ...(isRoot && { uid }),
    ...(alter && { alter }),
  });
  await createWarmup(loopback)(AbortSignal.timeout(TIMEOUT_MS));
  measured[`${name} warm after ms`] = Date.now() - startedAtMs;
  return gateway;
}

async function pass(running: ClockedGateway, ms: number, name: string): Promise<Advanced> {
  const startedAtMs = Date.now();
  const advanced = await running.advance(ms);
  measured[name] = { ...advanced, realMs: Date.now() - startedAtMs };
  return advanced;
}

/** The jobs that openclaw keeps, whoever made them, as its own command lists them. */
async function jobs(running: ClockedGateway): Promise<{ on: string[]; off: string[] }> {
  const { jobs: list } = Value.Parse(
    JobList,
    JSON.parse(await running.command("cron", "list", "--all", "--json")),
  );
  const named = (enabled: boolean) =>
    list
      .filter((job) => job.enabled === enabled)
      .map(({ name }) => name)
      .toSorted();
  return { on: named(true), off: named(false) };
}

/** What of the model was asked for: at the provider, and at our proxy, which answers some of it itself. */
async function modelCalls(): Promise<{ atProvider: number; atProxy: number }> {
  const answer = await provider.call("GET", "/__double/openrouter/requests", null);
  const list = answer.at("requests");
  if (!Array.isArray(list)) throw new Error("the double has no list of requests");
  const { requests, answeredLocally } = loopback.meter();
  return { atProvider: list.length, atProxy: requests + answeredLocally };
}

describe("an agent that nobody writes to", { timeout: TIMEOUT_MS }, () => {
  it("calls no model in eight days, and has no job that would", async () => {
    const running = await start("idle");
    const before = await modelCalls();
    expect(before.atProvider).toBe(0);
    const none = { on: [], off: [ITS_OWN.heartbeat, ITS_OWN.review] };
    expect(await jobs(running)).toEqual(none);

    const { virtualMs, fired } = await pass(running, IDLE_MS, "idle");
    expect(virtualMs).toBeGreaterThanOrEqual(IDLE_MS);
    expect(fired).toBeGreaterThan(1_000);
    // Listing them takes seconds, in which a call that was late would come.
    expect(await jobs(running)).toEqual(none);
    expect(await modelCalls()).toEqual(before);
    expect(turns.offered).toEqual([]);
  });

  it("answers as soon as somebody does", async () => {
    expect(await turns.run(aTurn("say raw Good morning after a week."))).toEqual({
      text: "Good morning after a week.",
    });
    expect((await modelCalls()).atProvider).toBe(1);
  });

  it("would be seen calling the model if openclaw did anything by itself", async () => {
    const running = await start("planted", (config) => {
      Object.assign(config, { cron: { enabled: true } });
      const { agents } = config;
      if (typeof agents !== "object" || agents === null || !("defaults" in agents))
        throw new Error("no agents");
      Object.assign(Object(agents.defaults), { heartbeat: { every: "6h" } });
    });
    expect((await jobs(running)).on).toContain(ITS_OWN.heartbeat);
    const planted = [
      "--name",
      "planted",
      "--every",
      "6h",
      "--session",
      "isolated",
      "--message",
      "say raw Hello.",
    ];
    await running.command("cron", "add", ...planted, "--no-deliver");
    expect((await jobs(running)).on).toContain("planted");
    const before = await modelCalls();
    await pass(running, DAY_MS, "planted");
    await vi.waitFor(async () => {
      expect((await modelCalls()).atProvider).toBeGreaterThan(before.atProvider);
    }, 30_000);
    measured["planted calls"] = (await modelCalls()).atProvider - before.atProvider;
  });
});
