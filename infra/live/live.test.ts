import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SKILL_NAMES, type SkillName } from "../../agent/skills/kit/skill.ts";
import { ConfigError } from "../config/environment.ts";
import { FULL } from "../local/doubles/bankr/testing.ts";
import type { Settings } from "../local/settings.ts";
import { LiveSettings, SETTING_NAMES } from "../local/settings-schema.ts";
import { eventually } from "../testing/eventually.ts";
import { LiveEnvironment, parseLiveConfig } from "./config.ts";
import { type LiveDoubles, startLiveDoubles } from "./doubles.ts";
import { type LiveResult, runLive } from "./run.ts";
import { defineSuite } from "./suite.ts";
import { SUITES } from "./suites.ts";

const TIMEOUT_MS = 120_000;
const LOCAL: readonly SkillName[] = ["browsing", "scheduling", "files", "images"];
const WITH_PROVIDER = SKILL_NAMES.filter((name) => !LOCAL.includes(name));

let doubles: LiveDoubles;
let lines: string[];
beforeEach(async () => {
  doubles = await startLiveDoubles();
  lines = [];
});
afterEach(() => doubles.close());

/** Runs the tests of these skills, with the doubles' settings unless others are given. */
const run = (
  skills: readonly SkillName[],
  settings: Settings = doubles.settings,
  { mayPay = true, signal = new AbortController().signal } = {},
): Promise<LiveResult> =>
  runLive({
    suites: SUITES.filter(({ skill }) => skills.includes(skill)),
    config: parseLiveConfig(settings),
    ...{ mayPay, signal },
    say: (line) => lines.push(line),
  });
const without = (...names: string[]): Settings =>
  Object.fromEntries(Object.entries(doubles.settings).filter(([name]) => !names.includes(name)));
const said = (): string => lines.join("\n");

const mailboxes = async (): Promise<string[]> =>
  (await doubles.agentmail.sdk.inboxes.list()).inboxes.map(({ inboxId }) => inboxId);
const texts = async () =>
  Object((await doubles.telnyx.control("GET", "telnyx/messages")).body).messages.length;
const payments = () => doubles.bankr.double.state().transactions.filter(({ kind }) => kind === "transfer");

describe("against the doubles", () => {
  it("there is a test for each skill", () => {
    expect(SUITES.map(({ skill }) => skill).toSorted()).toEqual([...SKILL_NAMES].toSorted());
  });

  it.each(SKILL_NAMES)(
    "%s: every step is taken and passes",
    async (skill) => {
      const result = await run([skill]);
      expect(said()).not.toContain("✗");
      expect(result).toEqual({ passed: 1, failed: 0, skipped: 0, stepsLeftOut: 0 });
      const steps = SUITES.find((suite) => suite.skill === skill)?.steps ?? [];
      expect(lines.filter((line) => line.startsWith("  ✓ "))).toHaveLength(steps.length);
    },
    TIMEOUT_MS,
  );

  it(
    "each thing is sent once, and what was made is gone afterwards",
    async () => {
      await run(["agentmail", "telnyx-cli", "bankr", "web-search"]);
      expect(await texts()).toBe(1);
      expect(payments()).toMatchObject([{ amount: "0.01", to: doubles.settings.LIVE_PAY_TO }]);
      expect(await mailboxes()).toEqual([]);
      expect(doubles.openrouter.double.state().keys).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it("a key and a mailbox that are given are used, and stay", async () => {
    const { secret } = await doubles.openrouter.createKey({ limit: 1 });
    const inbox = await doubles.agentmail.inbox("mine");
    const settings = {
      ...without("OPENROUTER_MANAGEMENT_KEY", "AGENTMAIL_API_KEY"),
      ...{ OPENROUTER_API_KEY: secret, AGENTMAIL_INBOX: inbox, LIVE_MAIL_TO: "me@example.com" },
      AGENTMAIL_INBOX_KEY: await doubles.agentmail.keyOf(inbox),
    };
    const result = await run(["model-calls", "agentmail"], settings);
    expect(result).toEqual({ passed: 2, failed: 0, skipped: 0, stepsLeftOut: 1 });
    expect(said()).toContain("answers in its thread: left out, it needs AGENTMAIL_API_KEY instead");
    const { LIVE_MAIL_TO, ...toItself } = settings;
    expect(await run(["agentmail"], toItself)).toMatchObject({ passed: 1, stepsLeftOut: 2 });
    expect(await mailboxes()).toEqual([inbox]);
    expect(doubles.openrouter.double.state().keys).toHaveLength(1);
  });
});

describe("what is missing", () => {
  it("is said for each skill that is skipped, and nothing fails", async () => {
    const result = await run(WITH_PROVIDER, {});
    expect(result).toEqual({ passed: 0, failed: 0, skipped: 6, stepsLeftOut: 0 });
    expect(lines).toEqual([
      "skipped: web-search: OPENROUTER_API_KEY, or OPENROUTER_MANAGEMENT_KEY to make one with",
      "skipped: agentmail: AGENTMAIL_API_KEY to make mailboxes with, or AGENTMAIL_INBOX and AGENTMAIL_INBOX_KEY",
      "skipped: voice: OPENROUTER_API_KEY, or OPENROUTER_MANAGEMENT_KEY to make one with",
      "skipped: bankr: BANKR_API_KEY",
      "skipped: telnyx-cli: TELNYX_API_KEY",
      "skipped: model-calls: OPENROUTER_API_KEY, or OPENROUTER_MANAGEMENT_KEY to make one with",
      "0 passed, 0 failed, 6 skipped",
    ]);
  });

  it("keeps the browser's test from failing where there is no network", async () => {
    const settings = { LIVE_PAGE_URL: "http://127.0.0.1:1/" };
    expect(await run(["browsing"], settings)).toMatchObject({ failed: 0, skipped: 1 });
  });

  it.each([
    ["the word for it", () => doubles.settings, false, "--spend"],
    ["a wallet to pay to", () => without("LIVE_PAY_TO"), true, "LIVE_PAY_TO, a wallet of your own"],
  ])("no money leaves without %s", async (_, settings, mayPay, missing) => {
    const result = await run(["bankr"], settings(), { mayPay });
    expect(result).toEqual({ passed: 1, failed: 0, skipped: 0, stepsLeftOut: 1 });
    expect(said()).toContain(`left out, it needs ${missing}`);
    expect(payments()).toEqual([]);
  });

  it("a wallet's key that may only read is enough without a payment", async () => {
    const { key } = await doubles.bankr.wallet({ ...FULL, readOnly: true });
    const settings = { ...doubles.settings, BANKR_API_KEY: key };
    expect(await run(["bankr"], settings, { mayPay: false })).toMatchObject({ passed: 1, stepsLeftOut: 1 });
    expect(await run(["bankr"], settings)).toMatchObject({ failed: 1 });
  });

  it("no text is sent without a phone of one's own", async () => {
    expect(await run(["telnyx-cli"], without("LIVE_SMS_TO"))).toMatchObject({ passed: 1, stepsLeftOut: 3 });
    expect(await texts()).toBe(0);
  });
});

describe("what goes wrong", () => {
  it("fails the skill at that step, without a word of the key", async () => {
    const key = "sk-or-v1-not-one-of-theirs";
    const settings = { ...without("OPENROUTER_MANAGEMENT_KEY"), OPENROUTER_API_KEY: key };
    expect(await run(["web-search", "model-calls"], settings)).toMatchObject({ passed: 0, failed: 2 });
    expect(lines.filter((line) => line.startsWith("  "))).toHaveLength(2);
    expect(said()).toContain("  ✗ is set up: ");
    expect(said()).not.toContain(key);
  });

  it("is told without any key, whoever has repeated it", async () => {
    const { BANKR_API_KEY: given = "" } = doubles.settings;
    const made = "a-key-that-was-made";
    const leaky = defineSuite({
      skill: "files",
      open: async (context) => {
        context.hide(made);
        throw new Error(`${given}, ${made}`, { cause: new Error(`no ${made}`) });
      },
      steps: [],
    });
    const config = parseLiveConfig(doubles.settings);
    const say = (line: string) => lines.push(line);
    const signal = new AbortController().signal;
    expect(await runLive({ suites: [leaky], config, mayPay: false, signal, say })).toMatchObject({
      failed: 1,
    });
    expect(lines[1]).toBe("  ✗ cannot go on: Error: [secret], [secret] (Error: no [secret])");
  });

  it("does not keep what was made from being removed, nor does a request to stop", async () => {
    const stopping = new AbortController();
    doubles.agentmail.double.faults.add({
      match: { method: "POST", path: "/messages/send$" },
      fault: { kind: "hang" },
    });
    const running = run(["agentmail", "voice"], doubles.settings, { signal: stopping.signal });
    await eventually("the mailboxes are there", async () => (await mailboxes()).length === 2);
    await eventually("it is set up", () => said().includes("✓ is set up"));
    stopping.abort(new Error("stopped"));
    await expect(running).rejects.toThrow("stopped");
    expect(await mailboxes()).toEqual([]);
    expect(said()).not.toContain("voice");
  });

  it("is said when something that was made cannot be removed", async () => {
    doubles.openrouter.double.faults.add({
      match: { method: "DELETE", path: "/keys/" },
      fault: { kind: "status", status: 403, body: {} },
    });
    expect(await run(["web-search"])).toMatchObject({ passed: 0, failed: 1 });
    expect(said()).toContain("✗ not all that was made for the test is gone");
  });
});

describe("the program", () => {
  const start = (args: string[]) =>
    promisify(execFile)(process.execPath, [join(import.meta.dirname, "main.ts"), ...args]);

  it("takes the steps against doubles of its own, and ends well", async () => {
    const { stdout } = await start(["model-calls", "--double"]);
    expect(stdout).toMatch(/^model-calls: may cost up to about \$0\.03\n {2}✓ is set up/);
    expect(stdout).toMatch(/\n1 passed, 0 failed, 0 skipped\n$/);
  });

  it("lists each step with what it may cost, and does nothing", async () => {
    const { stdout } = await start(["telnyx-cli", "--list"]);
    expect(stdout).toMatch(/^telnyx-cli\n {2}is set up\n[\s\S]* {2}sends a text, .* \(about \$0\.03\)\n/);
  });

  it("ends with 2 and a sentence for a skill that there is not", async () => {
    const stderr = "there is no skill telepathy; the skills are ";
    await expect(start(["telepathy"])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining(stderr),
    });
  });
});

describe("the settings", () => {
  it("are refused when they are unknown or wrong, without their values", () => {
    const parse = () => parseLiveConfig({ LIVE_SMS: "+13125550142", LIVE_PAY_TO: "0xSECRET" });
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(/LIVE_SMS is unknown\n {2}LIVE_PAY_TO is invalid/);
    expect(parse).not.toThrow(/SECRET/);
  });

  it("may stand in .env, say what they are, and are in the guide", async () => {
    const guide = await readFile(join(import.meta.dirname, "../../docs/guides/live-tests.md"), "utf8");
    for (const name of Object.keys(LiveEnvironment.properties)) {
      expect(SETTING_NAMES.has(name), name).toBe(true);
      expect(guide).toContain(`\`${name}\``);
    }
    for (const [name, property] of Object.entries(LiveSettings.properties))
      expect("description" in property && property.description, name).toMatch(/\.$/);
  });
});
