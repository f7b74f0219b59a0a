import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, readdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { encodeAttachment, type Group } from "@xmtp/node-sdk";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MODEL, TestDouble } from "../../infra/local/doubles/openrouter/testing.ts";
import { eventually } from "../../infra/testing/eventually.ts";
import { explodeSettingsCodec, sendContent } from "../convos/index.ts";
import { endLeftoverGateway } from "./gateway/start-gateway.ts";
import { openIdentityFile } from "./state/identity-file.ts";
import { statePaths } from "./state/paths.ts";
import type { AgentProcess } from "./testing/agent-process.ts";
import { needlesOf, pictureSaying, plant, sweepMachine } from "./testing/planted.ts";
import { Voice, wordsOf } from "./testing/voice.ts";
import { CLAIM_ID, joinByUrl, World } from "./testing/world.ts";

/** Nobody else's on this machine: above those of local stacks and of the other tests with a gateway. */
const uid = 120_000 + (process.pid % 10_000);
const BOOT_TIMEOUT_MS = 180_000;
const ANSWER_TIMEOUT_MS = 60_000;
const LOG_TAIL_CHARS = 4_000;
const GONE_MAX_MS = 5_000;
const TEST_TIMEOUT_MS = 400_000;
/** The people's own databases, which keep what they were told. */
const OF_PEOPLE = /\/0x[0-9a-fA-F]{40}\.db3/;

const agents: AgentProcess[] = [];
const isPossible = process.platform === "linux" && process.getuid?.() === 0;
const startedAtMs = Date.now();

let world: World;
let model: TestDouble;
let planted: Readonly<Record<string, string>>;

interface Conversation {
  agent: AgentProcess;
  agentInbox: string;
  ada: Voice;
  bob: Voice;
  environment: Readonly<Record<string, string>>;
}

const heardFrom = async (voice: Voice, inboxId: string): Promise<string[]> =>
  (await voice.heardSince(0)).flatMap((message) =>
    message.senderInboxId === inboxId ? (wordsOf(message) ?? []) : [],
  );

/** An agent that has been told, shown and made to write everything that is planted. */
async function converse(): Promise<Conversation> {
  const { secret } = await model.createKey();
  world.identity.modelKey = secret;
  const environment = { MODEL_BASE_URL: model.double.url, MODEL_ID: MODEL, GATEWAY_UID: String(uid) };
  const agent = await world.startAgent(1, environment, "openclaw");
  agents.push(agent);
  await eventually("the agent to be ready", async () => (await agent.status()).ready, BOOT_TIMEOUT_MS);
  const agentInbox = (await agent.status()).inboxId ?? "";
  const { inviteUrl } = await agent.provision({
    claimId: CLAIM_ID,
    instructions: `You plan trips to ${planted.instructions}.`,
    name: "Walrus",
  });
  const enter = async (name: string): Promise<Voice> => {
    const person = await world.person();
    return new Voice(name, person, await joinByUrl(person, inviteUrl));
  };
  const [ada, bob] = [await enter("Ada"), await enter("Bob")];
  const hasHeard = async (answer: string): Promise<boolean> =>
    (await heardFrom(ada, agentInbox)).some((text) => text.includes(answer));
  const hears = async (answer: string): Promise<void> => {
    try {
      await eventually(answer, () => hasHeard(answer), ANSWER_TIMEOUT_MS);
    } catch (cause) {
      throw new Error(`"${answer}" was not heard: ${agent.log.slice(-LOG_TAIL_CHARS)}`, { cause });
    }
  };
  await ada.say(`Walrus, remember ${planted.ada}.\nsay raw Noted, ${planted.answer}.`);
  await hears(planted.answer ?? "");
  await bob.say(`Walrus, and ${planted.bob}.\nsay raw Noted too.`);
  await hears("Noted too.");
  await sendFile(ada.group, "notes.txt", "text/plain", Buffer.from(`Meet at ${planted.file}.`));
  await ada.say("Walrus, read it.");
  await hears("notes.txt");
  await sendFile(ada.group, "dot.png", "image/png", pictureSaying(planted.picture ?? ""));
  await ada.say("Walrus, look at it.");
  await hears("dot.png");
  const command = JSON.stringify({ command: `echo ${planted.written} > note.txt; cp note.txt "$TMPDIR"` });
  await ada.say(`Walrus, write it down.\nuse tool exec ${command}\nsay raw Written.`);
  await hears("Written.");
  await eventually("the owner", () => ada.group.isSuperAdmin(ada.person.client.inboxId));
  return { agent, agentInbox, ada, bob, environment };
}

const sendFile = (group: Group<unknown>, filename: string, mimeType: string, content: Uint8Array) =>
  group.send(encodeAttachment({ filename, mimeType, content }), { shouldPush: true });

/** What is found where, without what people keep. Must be asked for before the identity is gone. */
function sweeper(): () => Promise<{ needle: string; path: string }[]> {
  const { stateKey, modelKey, instanceSecret } = world.identity;
  const { main, join } = openIdentityFile(statePaths(world.stateDir).identity, stateKey).identities;
  const keys = { stateKey, modelKey, instanceSecret, xmtpKey: main.privateKey, joinKey: join.privateKey };
  const needles = needlesOf(planted, keys);
  const folders = [dirname(world.stateDir)];
  return async () => {
    const { found } = await sweepMachine(needles, folders, startedAtMs);
    return found.filter(({ path }) => !OF_PEOPLE.test(path));
  };
}

const processesOf = (stateDir: string): string[] =>
  readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      return ["cmdline", "environ"].some((file) => readFileSync(`/proc/${pid}/${file}`).includes(stateDir));
    } catch {
      // It ended while it was looked at.
      return false;
    }
  });

async function expectPlanted(sweep: ReturnType<typeof sweeper>): Promise<void> {
  const found = await sweep();
  const names = new Set(found.map(({ needle }) => needle.replace(/ \(.*/, "")));
  expect([...names].sort()).toEqual(["ada", "answer", "bob", "file", "instructions", "picture", "written"]);
  expect(found.filter(({ path }) => !path.startsWith(world.stateDir))).toEqual([]);
}

/** Resolves with the time from `sinceMs` until nothing but the tombstone is left. */
async function untilWiped(sinceMs: number): Promise<number> {
  const onlyTombstone = async (): Promise<boolean> =>
    String(await readdir(world.stateDir)) === "tombstone.json";
  await eventually("the wipe", onlyTombstone, 2 * GONE_MAX_MS);
  return Date.now() - sinceMs;
}

/** What the agent noted from `sinceMs` on, each with the time since. */
const notedSince = (log: string, sinceMs: number): string[] =>
  [...log.matchAll(/"at":"([^"]+)","event":"([^"]+)"/g)].flatMap(([, at = "", event]) => {
    const afterMs = Date.parse(at) - sinceMs;
    return afterMs < 0 ? [] : [`${event} ${afterMs} ms`];
  });

async function expectGone(
  { ada, bob, agentInbox }: Conversation,
  sweep: ReturnType<typeof sweeper>,
): Promise<void> {
  expect(await sweep()).toEqual([]);
  expect(processesOf(world.stateDir)).toEqual([]);
  expect(await readdir(world.stateDir)).toEqual(["tombstone.json"]);
  for (const { group } of [ada, bob]) {
    await eventually("the end of the conversation", async () => {
      await group.sync().catch(() => "the sync that learns of the removal may fail");
      if (!group.isActive) return true;
      return !(await group.members()).some(({ inboxId }) => inboxId === agentInbox);
    });
  }
  const kinds = world.platform.events.map(({ kind }) => kind);
  expect(kinds).toContain("exploding");
  expect(kinds.at(-1)).toBe("exploded");
}

describe.runIf(isPossible)("an agent with openclaw that its owner ends", { timeout: TEST_TIMEOUT_MS }, () => {
  beforeAll(async () => {
    model = await TestDouble.start();
  });
  afterAll(async () => {
    await model?.close();
    // The one thing that openclaw leaves elsewhere: locks without content, named by a hash of its state folder's path.
    await rm(`/tmp/openclaw-state-locks-${uid}`, { recursive: true, force: true });
  });
  beforeEach(async () => {
    const names = ["instructions", "ada", "bob", "answer", "file", "picture", "written"];
    planted = Object.fromEntries(names.map((name) => [name, plant(name)]));
    world = await World.open();
    // The gateway's user must be able to pass to its folder.
    await chmod(dirname(world.stateDir), 0o711);
  });
  afterEach(async () => {
    // A test that fails may leave a gateway, which would go on in its folder.
    for (const agent of agents.splice(0)) await agent.kill();
    if (existsSync(statePaths(world.stateDir).gateway))
      await endLeftoverGateway(statePaths(world.stateDir).gateway, uid);
    await world.close();
  });

  it("leaves nothing of what was said, sent, thought and known on the machine", async () => {
    const conversation = await converse();
    const { agent, ada } = conversation;
    const sweep = sweeper();
    await expectPlanted(sweep);
    const sentAtMs = Date.now();
    await sendContent(ada.group, explodeSettingsCodec, { expiresAt: new Date() });
    const wipedMs = await untilWiped(sentAtMs);
    expect(await agent.exitCode, agent.log).toBe(0);
    const endedMs = Date.now() - sentAtMs;
    await expectGone(conversation, sweep);
    for (const word of Object.values(planted)) expect(agent.log).not.toContain(word);
    console.log(JSON.stringify({ explosion: { wipedMs, endedMs, noted: notedSince(agent.log, sentAtMs) } }));
    expect(wipedMs).toBeLessThanOrEqual(GONE_MAX_MS);
  });

  it("leaves nothing either when it is killed as soon as the end has begun", async () => {
    const conversation = await converse();
    const { agent, ada, environment } = conversation;
    const sweep = sweeper();
    const { tombstone, gateway } = statePaths(world.stateDir);
    await sendContent(ada.group, explodeSettingsCodec, { expiresAt: new Date() });
    await eventually("the beginning of the end", () => existsSync(tombstone));
    await agent.kill();
    expect(existsSync(gateway)).toBe(true);
    await expectPlanted(sweep);
    const startedAgainAtMs = Date.now();
    const again = await world.startAgent(2, environment, "openclaw");
    agents.push(again);
    const wipedMs = await untilWiped(startedAgainAtMs);
    expect(await again.exitCode, again.log).toBe(0);
    const endedMs = Date.now() - startedAgainAtMs;
    await expectGone(conversation, sweep);
    console.log(
      JSON.stringify({
        explosionAfterKill: { wipedMs, endedMs, noted: notedSince(again.log, startedAgainAtMs) },
      }),
    );
    expect(wipedMs).toBeLessThanOrEqual(GONE_MAX_MS);
  });
});
