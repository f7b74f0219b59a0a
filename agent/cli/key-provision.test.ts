import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AgentMailDouble, startAgentMailDouble } from "../../infra/local/doubles/agentmail/server.ts";
import type { FaultBook } from "../../infra/local/doubles/base/faults.ts";
import { type OpenRouterDouble, startOpenRouterDouble } from "../../infra/local/doubles/openrouter/server.ts";
import { startTelnyxDouble, type TelnyxDouble } from "../../infra/local/doubles/telnyx/server.ts";
import { eventually } from "../../infra/testing/eventually.ts";
import { CLI, type Ended, eventsOf, runCli } from "./testing/run-cli.ts";

let folder: string;
let file: string;
let openrouter: OpenRouterDouble;
let agentmail: AgentMailDouble;
let telnyx: TelnyxDouble;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "key-provision-"));
  file = join(folder, ".env");
  [openrouter, agentmail, telnyx] = await Promise.all([
    startOpenRouterDouble(),
    startAgentMailDouble(),
    startTelnyxDouble(),
  ]);
  await settings({ orderPendingMs: 0, messagingDelayMs: 0 });
});
afterEach(async () => {
  await Promise.all([openrouter.close(), agentmail.close(), telnyx.close()]);
  await rm(folder, { recursive: true, force: true });
});

const settings = (change: Record<string, unknown>): Promise<Response> =>
  fetch(new URL("/__double/telnyx/settings", telnyx.url), { method: "PATCH", body: JSON.stringify(change) });

const accounts = (): Record<string, string> => ({
  OPENROUTER_BASE_URL: openrouter.url,
  OPENROUTER_MANAGEMENT_KEY: openrouter.managementKey,
  AGENTMAIL_BASE_URL: agentmail.url,
  AGENTMAIL_API_KEY: agentmail.apiKey,
  TELNYX_BASE_URL: telnyx.url,
  TELNYX_API_KEY: telnyx.apiKey,
  BANKR_API_KEY: "bk_of_somebody",
});
const provision = (env = accounts(), ...args: string[]): Promise<Ended> =>
  runCli(["key-provision", "--json", "--env", file, ...args], env);
const written = async (): Promise<Record<string, string | undefined>> =>
  parseEnv(await readFile(file, "utf8"));

/** Exactly one of each stands at the providers, and the file has the ones that do. */
async function expectOneOfEach(): Promise<void> {
  const env = await written();
  const name = `convos-standalone-${env.INSTANCE_ID}`;
  expect(openrouter.state().keys).toMatchObject([
    { name, hash: env.MODEL_KEY_HASH, limit: 20, disabled: false },
  ]);
  const credit = await fetch(`${openrouter.url}/key`, {
    headers: { authorization: `Bearer ${env.MODEL_KEY}` },
  });
  expect(credit.status).toBe(200);
  expect(agentmail.state().inboxes).toMatchObject([{ inboxId: env.AGENTMAIL_INBOX, clientId: name }]);
  expect(env.AGENTMAIL_INBOX).toMatch(/^convos-[0-9a-f]{10}@/);
  expect(agentmail.state().keys).toMatchObject([
    { name, apiKeyId: env.AGENTMAIL_INBOX_KEY_ID, inboxId: env.AGENTMAIL_INBOX },
  ]);
  expect(agentmail.state().keys[0]?.permissions?.toSorted()).toEqual(
    ["inbox_read", "message_read", "message_send", "message_update"].toSorted(),
  );
  const { profiles, numbers, numbersBought } = telnyx.state();
  expect(profiles).toMatchObject([{ id: env.TELNYX_MESSAGING_PROFILE_ID, name }]);
  expect(numbers).toMatchObject([
    { phoneNumber: env.TELNYX_PHONE_NUMBER, messagingProfileId: profiles[0]?.id, hasSms: true },
  ]);
  expect(numbersBought).toBe(1);
  expect(env.BANKR_API_KEY).toBe("bk_of_somebody");
  expect(env.TELNYX_ORDER_STARTED_AT).toBeUndefined();
}

describe("key-provision", () => {
  it("makes one of each, tells no secret, and changes nothing when it is run again", async () => {
    const first = await provision();
    expect(first.code, first.stdout + first.stderr).toBe(0);
    await expectOneOfEach();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const env = await written();
    const text = await readFile(file, "utf8");
    for (const account of [openrouter.managementKey, agentmail.apiKey, telnyx.apiKey])
      expect(text).not.toContain(account);
    const shown = first.stdout + first.stderr;
    for (const name of ["INSTANCE_SECRET", "STATE_KEY", "MODEL_KEY", "AGENTMAIL_INBOX_KEY", "BANKR_API_KEY"])
      expect(shown, name).not.toContain(env[name]);
    const again = await provision();
    expect(again.code).toBe(0);
    expect(await readFile(file, "utf8")).toBe(text);
    await expectOneOfEach();
  });

  it("makes what there is an account for, and says why the rest is missing", async () => {
    const ended = await provision({ MODEL_KEY: "sk-of-mine" });
    expect(ended.code).toBe(0);
    expect(Object.fromEntries(eventsOf(ended).map(({ what, state }) => [what, state]))).toMatchObject({
      "model-key": "there",
      mailbox: "none: AGENTMAIL_API_KEY is not set",
      number: "none: TELNYX_API_KEY is not set",
    });
    expect((await written()).MODEL_KEY).toBe("sk-of-mine");
    // A key of one's own is not replaced once there is an account.
    const { BANKR_API_KEY, ...rest } = accounts();
    expect((await provision(rest)).code).toBe(0);
    expect((await written()).MODEL_KEY).toBe("sk-of-mine");
    expect(openrouter.state().keys).toEqual([]);
  });

  it("replaces what the file has lost, and what was deleted at the provider", async () => {
    await provision();
    const lost = (await readFile(file, "utf8")).replace(
      /^(MODEL_KEY|AGENTMAIL_INBOX_KEY)(_HASH|_ID)?=.*\n/gm,
      "",
    );
    await writeFile(file, lost);
    expect((await provision()).code).toBe(0);
    await expectOneOfEach();
    await fetch(`${openrouter.url}/keys/${(await written()).MODEL_KEY_HASH}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${openrouter.managementKey}` },
    });
    expect((await provision()).code).toBe(0);
    await expectOneOfEach();
  });

  it("follows another limit", async () => {
    await provision();
    await provision(accounts(), "--limit-usd", "7");
    expect(openrouter.state().keys).toMatchObject([{ limit: 7 }]);
  });

  it("takes another address, and another number, where the first is somebody else's", async () => {
    await fetch(new URL("/__double/agentmail/settings", agentmail.url), {
      method: "PATCH",
      body: JSON.stringify({ emptyFirstPage: true }),
    });
    agentmail.faults.add({
      match: { method: "POST", path: "^/v0/inboxes$" },
      fault: { kind: "status", status: 403, body: { name: "IsTakenError", code: "resource_taken" } },
    });
    telnyx.faults.add({
      match: { method: "POST", path: "number_orders" },
      fault: { kind: "provider", name: "numberTaken" },
    });
    const ended = await provision();
    expect(ended.code, ended.stdout).toBe(0);
    await expectOneOfEach();
  });

  it("says what a provider refused, without a secret", async () => {
    const ended = await provision({ ...accounts(), TELNYX_API_KEY: "KEY-wrong" });
    expect(ended.code).toBe(1);
    const error = eventsOf(ended).at(-1);
    expect(error).toEqual({
      event: "error",
      message: "Telnyx: 401 (10009) to GET /messaging_profiles",
      hint: "Is the account's key right, and may it do this?",
    });
  });
});

/** Every request that changes something, by the account it goes to. */
const CHANGES: readonly [name: string, method: string, path: string, faults: () => FaultBook][] = [
  ["the model key", "POST", "/keys$", () => openrouter.faults],
  ["the inbox", "POST", "^/v0/inboxes$", () => agentmail.faults],
  ["the inbox's key", "POST", "/api-keys$", () => agentmail.faults],
  ["the profile", "POST", "/messaging_profiles$", () => telnyx.faults],
  ["the order", "POST", "/number_orders$", () => telnyx.faults],
];

describe("key-provision, interrupted and run again", () => {
  it.each(CHANGES)(
    "makes one of each when it was killed while it made %s",
    async (_what, method, path, faults) => {
      // Done at the provider, and nobody was told: the worst moment.
      faults().add({ match: { method, path }, fault: { kind: "hang" }, position: "after" });
      const child = spawn(
        process.execPath,
        [CLI.replace("start.mjs", "main.ts"), "key-provision", "--env", file],
        {
          env: { PATH: process.env.PATH, ...accounts() },
          stdio: "ignore",
        },
      );
      const ended = once(child, "exit");
      await eventually("the request to be made", () => faults().list().length === 0);
      child.kill("SIGKILL");
      await ended;
      const again = await provision();
      expect(again.code, again.stdout).toBe(0);
      await expectOneOfEach();
    },
  );

  it.each(["before", "after"] as const)(
    "makes one of each when any answer was lost %s the effect",
    async (position) => {
      const books = [openrouter.faults, agentmail.faults, telnyx.faults];
      let attempts = 0;
      // Each account breaks off at its first request, then at its second, and so on, until it is asked no further one.
      for (const book of books) {
        for (let nth = 1; ; nth += 1) {
          book.clear();
          book.add({ match: {}, fault: { kind: "reset" }, position, nth });
          const { code } = await provision();
          attempts += 1;
          if (code === 0) break;
        }
        book.clear();
      }
      expect(attempts).toBeGreaterThan(8);
      await expectOneOfEach();
    },
    90_000,
  );

  it("waits for an order that the lists do not show yet, and places no other", async () => {
    await settings({ readLagMs: 4_000 });
    telnyx.faults.add({
      match: { method: "POST", path: "/number_orders$" },
      fault: { kind: "reset" },
      position: "after",
    });
    expect((await provision()).code).toBe(1);
    const again = await provision();
    expect(again.code, again.stdout).toBe(0);
    await expectOneOfEach();
  });
});
