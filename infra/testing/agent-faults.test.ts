import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readSecret } from "../../activities/registry/secrets.ts";
import { parseInstanceId } from "../../domain/ids.ts";
import { eventually } from "./eventually.ts";
import { TestPlatform } from "./platform.ts";

let platform: TestPlatform;

beforeAll(async () => {
  platform = await TestPlatform.start({ target: 1, compute: "process" });
  await platform.run("gateway", "claims", "workers");
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await idleInstance();
}, 60_000);

async function instances(): Promise<Record<string, unknown>[]> {
  const { body } = await platform.request("GET", "/api/instances");
  return Array.isArray(body.instances) ? body.instances : [];
}

async function idleInstance(): Promise<string> {
  return eventually(
    "an instance is idle",
    async () => {
      const idle = (await instances()).find((instance) => instance.state === "idle");
      return idle && String(idle.id);
    },
    60_000,
  );
}

/** Starts the workers anew, so that the agents started from now on misbehave. */
async function withMisbehaviour(misbehave: string | undefined): Promise<void> {
  await platform.kill("workers");
  const environment: unknown = JSON.parse(platform.environment.AGENT_ENVIRONMENT ?? "{}");
  const changed = { ...Object(environment), ...(misbehave ? { MISBEHAVE: misbehave } : {}) };
  await platform.runWith("workers", { AGENT_ENVIRONMENT: JSON.stringify(changed) });
}

async function pidOf(id: string): Promise<number> {
  const run: unknown = JSON.parse(
    await readFile(join(platform.dir, "agents", `cv-test-${id}`, "run.json"), "utf8"),
  );
  return Number(Object(run).pid);
}

const state = async (id: string) => (await platform.instance(id)).state;

/** Explodes the only idle instance and waits for one that was started with the present environment. */
async function freshIdle(): Promise<string> {
  const old = await idleInstance();
  await platform.request("POST", "/api/pool/drain", { count: 1 });
  return eventually(
    "a new instance is idle",
    async () => {
      const idle = (await instances()).find((instance) => instance.state === "idle" && instance.id !== old);
      return idle && String(idle.id);
    },
    60_000,
  );
}

describe("an agent whose process dies", () => {
  it("is replaced while idle, with its reason recorded", async () => {
    const id = await idleInstance();
    process.kill(await pidOf(id), "SIGKILL");
    await eventually("it has exploded", async () => (await state(id)) === "exploded", 60_000);
    expect((await platform.instance(id)).endReason).toBe("idle-lost");
    expect(await idleInstance()).not.toBe(id);
  }, 90_000);

  it("is started again on its state while claimed, with the next epoch", async () => {
    const { body } = await platform.claim("restart");
    const id = String(body.instanceId);
    const before = await platform.instance(id);
    process.kill(await pidOf(id), "SIGKILL");
    const after = await eventually(
      "it is claimed again",
      async () => {
        const instance = await platform.instance(id);
        return instance.epoch === 2 && instance.state === "claimed" && instance;
      },
      60_000,
    );
    expect(after.conversationId).toBe(before.conversationId);
    expect((await platform.claim("restart")).body.instanceId).toBe(id);
    await platform.request("POST", `/api/instances/${id}/explode`, {});
    await eventually("it has exploded", async () => (await state(id)) === "exploded", 60_000);
  }, 120_000);

  it.each([["die-on-provision"], ["hang-provision"], ["refuse-provision"]])(
    "is replaced within the same claim when it does %s",
    async (misbehave) => {
      await withMisbehaviour(misbehave);
      const bad = await freshIdle();
      await withMisbehaviour(undefined);
      const { status, body } = await platform.claim(`replaced-${misbehave}`);
      expect(status).toBe(200);
      expect(body.instanceId).not.toBe(bad);
      await eventually("the bad one is kept aside or gone", async () => {
        const now = await state(bad);
        return now === "quarantined" || now === "exploding" || now === "exploded";
      });
      await platform.request("POST", `/api/instances/${String(body.instanceId)}/explode`, {});
    },
    120_000,
  );

  it("is gone to the end when it dies between wiping itself and saying so", async () => {
    await withMisbehaviour("die-between-wipe-and-report");
    const id = await freshIdle();
    await withMisbehaviour(undefined);
    await platform.request("POST", `/api/instances/${id}/explode`, {});
    await eventually("it has exploded", async () => (await state(id)) === "exploded", 60_000);
    const resources = (await platform.instance(id)).resources;
    expect(resources).toMatchObject([{ outcome: { kind: "absent" } }, { outcome: { kind: "absent" } }]);
  }, 120_000);
});

describe("an agent that says that it has given up", () => {
  it("is replaced while idle, and started again with the next epoch while claimed", async () => {
    const idle = await idleInstance();
    await reportGivenUp(idle);
    await eventually("it has exploded", async () => (await state(idle)) === "exploded", 60_000);
    expect((await platform.instance(idle)).endReason).toBe("idle-lost");
    await idleInstance();
    const id = String((await platform.claim("given-up")).body.instanceId);
    await reportGivenUp(id);
    await eventually(
      "it is claimed again",
      async () => {
        const instance = await platform.instance(id);
        return instance.epoch === 2 && instance.state === "claimed";
      },
      60_000,
    );
    await platform.request("POST", `/api/instances/${id}/explode`, {});
  }, 150_000);
});

/** As the agent would, whose process goes on running. */
async function reportGivenUp(id: string): Promise<void> {
  const instanceId = parseInstanceId(id);
  const secret = instanceId && (await readSecret(platform.registry, instanceId, "instance-secret"));
  const event = { kind: "fault", part: "brain", code: "given-up", epoch: 1, sequence: 1_000 };
  const headers = { authorization: `Bearer ${secret}` };
  const answer = await platform.request("POST", `/api/instances/${id}/events`, event, headers);
  expect(answer.status).toBe(202);
}

describe("what nobody is in charge of any more", () => {
  it("a claim taken in by a gateway that died is served all the same", async () => {
    // The agent stands still, so the claim stays as the intake left it: bound, and its workflow not started.
    const agent = await pidOf(await idleInstance());
    process.kill(agent, "SIGSTOP");
    const asked = platform.claim("orphan").catch(() => "cut off");
    await eventually("it is taken in", async () =>
      platform.registry.db.selectFrom("claims").select("id").where("state", "=", "bound").executeTakeFirst(),
    );
    await platform.kill("gateway");
    process.kill(agent, "SIGCONT");
    expect(await asked).toBe("cut off");
    await platform.run("gateway");
    const answer = await eventually(
      "it is live",
      async () => {
        const { body, status } = await platform.claim("orphan", { waitMs: 1_000 });
        if (status !== 200) await platform.request("POST", "/api/pool/reconcile");
        return status === 200 && body;
      },
      60_000,
    );
    expect(answer.status).toBe("live");
    await platform.request("POST", `/api/instances/${String(answer.instanceId)}/explode`, {});
  }, 120_000);

  it.each(["instance", "explode"])(
    "a terminated %s workflow is started again",
    async (kind) => {
      const id = await idleInstance();
      if (kind === "explode") await platform.request("POST", `/api/instances/${id}/explode`, {});
      await platform.temporal.workflow.getHandle(`${kind}/${id}`).terminate("by hand");
      const findings = await eventually("it is found", async () => {
        const { body } = await platform.request("POST", "/api/pool/reconcile");
        const found = kind === "instance" ? body.lifecycles : body.explodes;
        return Array.isArray(found) && found.includes(id) && found;
      });
      expect(findings).toContain(id);
      if (kind === "instance") process.kill(await pidOf(id), "SIGKILL");
      await eventually("it ends as it should", async () => (await state(id)) === "exploded", 90_000);
    },
    150_000,
  );
});

it("leaves nothing that the audit would find", async () => {
  await eventually(
    "everything doomed is gone",
    async () => {
      const { exploding, quarantined } = await platform.counts();
      return exploding === 0 && quarantined === 0;
    },
    120_000,
  );
  expect((await platform.request("POST", "/api/pool/audit")).body).toEqual({ violations: [] });
}, 180_000);
