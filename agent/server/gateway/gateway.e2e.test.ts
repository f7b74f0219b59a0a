import { chmod, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { MODEL, TestDouble } from "../../../infra/local/doubles/openrouter/testing.ts";
import { createLoopbackServer, type LoopbackServer } from "../loopback/server.ts";
import { aTurn, createQueuedTurns, type QueuedTurns } from "../loopback/testing/queue.ts";
import { type Gateway, startGateway } from "./start-gateway.ts";
import { type SupervisedGateway, superviseGateway } from "./supervise.ts";
import { createWarmup } from "./warmup.ts";

const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === "linux";
/** Nobody else's on this machine: above those of local stacks, and not another run's of this test. */
const uid = 90_000 + (process.pid % 10_000);
const BOOT_TIMEOUT_MS = 300_000;
const INSTRUCTIONS = "You are our trip planner. The island is called Hveravellir.";
const SENTINEL = "a-secret-of-the-server-that-nobody-inherits";

/** A picture of one dot. */
const DOT =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

let dir: string;
let provider: TestDouble;
let modelKey: string;
let turns: QueuedTurns;
let loopback: LoopbackServer;
let gateway: SupervisedGateway;
const started: Gateway[] = [];
const tokens: string[] = [];
const bootMs: number[] = [];
/** What the gateway's parts told, for whoever reads why it failed. */
const events: string[] = [];

beforeAll(async () => {
  process.env.MODEL_KEY_OF_THE_SERVER = SENTINEL;
  dir = await mkdtemp(join(tmpdir(), "gateway-"));
  await chmod(dir, 0o711);
  provider = await TestDouble.start({ recordRequests: true });
  modelKey = (await provider.createKey()).secret;
  turns = createQueuedTurns();
  loopback = await createLoopbackServer({
    turnSource: turns,
    model: { baseUrl: provider.double.url, key: modelKey, modelId: MODEL },
    log: () => undefined,
  });
  gateway = superviseGateway({
    start: async () => {
      const token = loopback.renewToken();
      tokens.push(token);
      const next = await startGateway({
        stateDir: join(dir, "gateway"),
        loopbackUrl: loopback.url,
        loopbackToken: token,
        modelId: MODEL,
        skills: { names: [], tools: [] },
        log: (event, facts) => {
          events.push(event);
          if (event === "gateway-ready") bootMs.push(Number(facts?.bootMs));
        },
        ...(isRoot && { uid }),
      });
      started.push(next);
      return next;
    },
    warmUp: createWarmup(loopback),
    isStuck: () => false,
    onGivenUp: () => undefined,
    log: (event, facts) => events.push(`${event} ${facts?.reason ?? ""}`),
  });
  await gateway.ready;
}, BOOT_TIMEOUT_MS);

afterAll(async () => {
  const rssMb = Math.round((gateway?.rssBytes() ?? 0) / 1e6);
  console.log(JSON.stringify({ bootMs, events, rssMb, load: loadavg()[0] }));
  await gateway?.stop();
  await loopback?.close();
  await provider?.close();
  await rm(dir, { recursive: true, force: true });
}, 30_000);

const say = (text: string) => turns.run(aTurn(text, { instructions: INSTRUCTIONS }));

/** The requests that reached the model, as text. */
async function requests(): Promise<string[]> {
  const answer = await provider.call("GET", "/__double/openrouter/requests", null);
  const list = answer.at("requests");
  return Array.isArray(list) ? list.map((request) => JSON.stringify(request)) : [];
}

const filesOf = (pid: number, name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, "latin1");

describe("the real gateway", { timeout: BOOT_TIMEOUT_MS }, () => {
  it("was warmed up by a turn that never reached the provider", async () => {
    expect(await requests()).toHaveLength(0);
    expect(turns.offered).toHaveLength(0);
    expect(loopback.meter()).toMatchObject({ requests: 0 });
    expect(loopback.meter().answeredLocally).toBeGreaterThan(0);
  });

  it("answers a message, and the model knows its instructions and who is there", async () => {
    expect(await say("say raw Good morning, Alice.")).toEqual({ text: "Good morning, Alice." });
    const [request, ...more] = await requests();
    expect(more).toHaveLength(0);
    expect(request).toContain(INSTRUCTIONS);
    expect(request).toContain("Your name here is Robin.");
    expect(request).toContain("People in this conversation: Alice.");
    expect(request).toContain("You live in one group conversation.");
    expect(loopback.meter().costUsd).toBeGreaterThan(0);
  });

  it("takes what looks like a command for a message", async () => {
    const before = (await requests()).length;
    for (const command of ["/new", "/status", "/model other", "stop"]) {
      expect((await say(`${command}\nsay raw just words`)).text).toBe("just words");
      expect((await say(command)).error).toBeUndefined();
    }
    const seen = (await requests()).slice(before);
    expect(seen).toHaveLength(8);
    expect(seen.at(-1)).toContain("Good morning, Alice.");
  });

  it("may stay silent, and sends on the way only what it means to", async () => {
    expect(await say("say NO_REPLY")).toEqual({ text: null });
    const tool = `use tool message {"action":"send","message":"On it."}`;
    expect(await say(`${tool}\nsay raw Done.`)).toEqual({ text: "Done." });
    expect(turns.sent.map(({ content }) => content)).toEqual([{ kind: "text", text: "On it." }]);
  });

  it("shows a picture to the model", async () => {
    const images = [{ filename: "dot.png", mimeType: "image/png", base64: DOT }];
    expect(await turns.run(aTurn("say raw A dot.", { images }))).toEqual({ text: "A dot." });
    expect((await requests()).at(-1)).toContain(`data:image/png;base64,${DOT}`);
  });

  it.runIf(isRoot)(
    "sends a file of its own and reacts, and is known to have acted once it uses the shell",
    async () => {
      const before = turns.sent.length;
      expect(await say(`use tool message {"action":"react","emoji":"👍"}\nsay NO_REPLY`)).toEqual({
        text: null,
      });
      expect(turns.actions).toBe(0);
      await say(`use tool exec {"command":"echo ${DOT} | base64 -d > dot.png"}\nsay raw Drawn.`);
      expect(turns.actions).toBe(1);
      const send = `use tool message {"action":"send","message":"A dot:","media":"./dot.png"}`;
      expect(await say(`${send}\nsay raw Sent.`)).toEqual({ text: "Sent." });
      await say("say raw MEDIA:./dot.png");
      const file = { kind: "file", filename: "dot.png", mimeType: "image/png", base64: DOT };
      const text = { kind: "text", text: "A dot:" };
      const sent = turns.sent.slice(before).map(({ content }) => content);
      expect(sent).toEqual([
        { kind: "reaction", emoji: "👍" },
        file,
        text,
        expect.objectContaining({ kind: "file", base64: DOT }),
      ]);
      const refused = `use tool message {"action":"send","media":"https://example.org/a.png"}`;
      await say(`${refused}\nsay raw Not sent.`);
      expect(turns.sent).toHaveLength(before + sent.length);
    },
  );

  it("is not silenced for good by a refusal for money", async () => {
    const refusal = { kind: "status", status: 402, body: { error: { code: 402, message: "No credits" } } };
    await provider.call("POST", "/__double/faults", null, { match: { path: "completions" }, fault: refusal });
    expect(await say("hello?")).toEqual({ text: null, error: "model-failed" });
    expect(loopback.breaker.open).toBe(true);
    const asked = loopback.meter().requests;
    expect(await say("hello?")).toEqual({ text: null, error: "model-failed" });
    expect(loopback.meter().requests).toBe(asked);
    loopback.breaker.reset();
    expect(await say("say raw Back again.")).toEqual({ text: "Back again." });
  });

  it.runIf(isLinux)("has no secret of the server in its environment, arguments or files", async () => {
    const { pid } = started[0] ?? { pid: 0 };
    const environment = await filesOf(pid, "environ");
    expect(environment).toContain(tokens[0]);
    expect(environment).not.toContain(modelKey);
    expect(environment).not.toContain(SENTINEL);
    const names = environment.split("\0").map((entry) => entry.split("=")[0]);
    const secrets = names.filter((name) => /token|key|secret|password/i.test(name ?? ""));
    expect(secrets.sort()).toEqual(["CONVOS_LOOPBACK_TOKEN", "OPENCLAW_GATEWAY_TOKEN"]);
    expect(await filesOf(pid, "cmdline")).not.toContain(tokens[0]);
    const config = await readFile(join(dir, "gateway", "openclaw.json"), "utf8");
    for (const secret of [modelKey, SENTINEL, tokens[0]]) expect(config).not.toContain(secret);
  });

  it.runIf(isRoot && isLinux)("runs under its own user, shell included", async () => {
    expect(await filesOf(started[0]?.pid ?? 0, "status")).toMatch(
      new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s`, "m"),
    );
    await say(`use tool exec {"command":"id -u; id -G; cat /proc/${process.pid}/environ"}\nsay raw Done.`);
    const told = (await requests()).at(-1) ?? "";
    expect(told).toContain(`${uid}\\n${uid}\\n`);
    expect(told).toContain("Permission denied");
    expect(told).not.toContain(SENTINEL);
  });

  it("has the pages of its tools", async () => {
    const at = (path: string) => fetch(`http://127.0.0.1:${started[0]?.port}${path}`);
    for (const path of ["/web-tools/agents", "/web-tools/form"]) {
      const page = await at(path);
      expect([page.status, page.headers.get("cache-control")]).toEqual([200, "no-store"]);
      const html = await page.text();
      for (const secret of [...tokens, modelKey, SENTINEL]) expect(html).not.toContain(secret);
    }
    expect((await at("/web-tools/form/..%2fagents")).status).toBe(404);
  });

  it("loses no turn when it is killed in the middle, runs it once more and nothing else", async () => {
    const before = (await requests()).length;
    await provider.call("POST", "/__double/faults", null, {
      match: { path: "completions" },
      fault: { kind: "hang" },
      position: "after",
    });
    const answer = say("say raw After all.");
    await vi.waitFor(async () => expect(await requests()).toHaveLength(before + 1), 30_000);
    const turnId = turns.offered.at(-1);
    process.kill(started[0]?.pid ?? 0, "SIGKILL");
    expect(await answer).toEqual({ text: "After all." });

    expect(gateway.restarts).toBe(1);
    expect(turns.offered.filter((id) => id === turnId)).toHaveLength(2);
    expect(turns.completed.filter((completion) => completion.turnId === turnId)).toHaveLength(1);
    expect(tokens[1]).not.toBe(tokens[0]);

    // openclaw would continue an interrupted run by itself about five seconds after its start.
    const asked = (await requests()).length;
    const idleUntilMs = Date.now() + 10_000;
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(idleUntilMs), {
      timeout: 15_000,
      interval: 500,
    });
    expect(await requests()).toHaveLength(asked);
    expect(asked).toBe(before + 2);
    expect((await say("say raw Here.")).text).toBe("Here.");
  });

  it("ends without complaint when its folder is gone, and leaves no process", async () => {
    await rename(join(dir, "gateway"), join(dir, "gone"));
    const last = started.at(-1);
    await gateway.stop();
    expect(await last?.exited).toHaveProperty("code");
    expect(last?.rssBytes()).toBeUndefined();
    expect(events.at(-1)).toBe("gateway-not-cleared");
  });
});
