import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { profileUpdateCodec } from "../agent/convos/content-types/profile-update.ts";
import { readContent } from "../agent/convos/content-types/read.ts";
import { isLocked } from "../agent/convos/lock.ts";
import { type Network, openNetwork } from "../agent/convos/testing/network.ts";
import { freePort } from "../infra/local/free-port.ts";
import { eventually } from "../infra/testing/eventually.ts";
import { chat } from "./chat.ts";
import { type EchoAgent, startEchoAgent } from "./testing/echo-agent.ts";
import { runCommand } from "./testing/run-command.ts";

let network: Network;
let agent: EchoAgent;
let root: string;

beforeAll(async () => {
  network = await openNetwork();
  root = await mkdtemp(join(tmpdir(), "convos-chat-"));
});
afterAll(async () => {
  await network.close();
  await rm(root, { recursive: true, force: true });
});
beforeEach(async () => {
  agent = await startEchoAgent(network);
});
afterEach(() => agent.stop());

const talk = (args: readonly string[], options: { input?: PassThrough; signal?: AbortSignal } = {}) =>
  runCommand(chat, [agent.inviteUrl, "--state", ".", "--timeout-s", "20", "--json", ...args], {
    env: { XMTP_ENV: "local", XMTP_API_URL: network.node.url },
    root,
    ...options,
  });
// biome-ignore lint/suspicious/noExplicitAny: events are looked into freely
const texts = (events: readonly any[]): string[] =>
  events.filter(({ event }) => event === "message").map(({ from, text }) => `${from.name}: ${text}`);

/** The inbox of the first person that is in and has told its name. */
const arrival = (): Promise<string> =>
  eventually("somebody's name", async () => {
    await agent.group.sync();
    const updates = (await agent.group.messages()).filter((message) =>
      readContent(message, profileUpdateCodec),
    );
    return updates.find(({ senderInboxId }) => senderInboxId !== agent.inboxId)?.senderInboxId;
  });

test("a person is let in, greeted and answered; its key is its own and kept", async () => {
  const { code, events } = await talk(["--name", "Ann", "--message", "Where to?", "--message", "Thanks"]);
  expect(code).toBe(0);
  expect(events[0]).toMatchObject({
    event: "joined",
    name: "Trip",
    isNew: true,
    conversationId: agent.group.id,
  });
  expect(texts(events)).toEqual([
    "Planner: Hello, I am Planner.",
    "Ann: Where to?",
    "Planner: You said: Where to?",
    "Ann: Thanks",
    "Planner: You said: Thanks",
  ]);
  const greeting = events.find(({ event }) => event === "message");
  expect(greeting.from).toMatchObject({ name: "Planner", isAgent: true, isSelf: false });

  const folder = join(root, "people", "ann");
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(join(folder, "identity.json"))).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).not.toContain("lock");

  const again = await talk(["--name", "Ann", "--message", "/members"]);
  expect(again.events[0]).toMatchObject({ event: "joined", isNew: false, inboxId: events[0].inboxId });
  expect(texts(again.events)).toEqual(texts(events));
  expect(again.events.at(-1)).toMatchObject({
    event: "members",
    members: expect.arrayContaining([
      expect.objectContaining({ name: "Planner", isAgent: true, role: "super admin" }),
      expect.objectContaining({ name: "Ann", isSelf: true, role: "super admin" }),
    ]),
  });
});

test("what comes on standard input is said line by line", async () => {
  const input = new PassThrough();
  input.end("one\n\ntwo\n");
  const { code, events } = await talk(["--name", "Piper"], { input });
  expect(code).toBe(0);
  expect(texts(events).slice(1)).toEqual([
    "Piper: one",
    "Planner: You said: one",
    "Piper: two",
    "Planner: You said: two",
  ]);
});

test("a reaction is shown once, when it comes and in the history", async () => {
  const input = new PassThrough();
  const chatting = talk(["--name", "Rea"], { input });
  await arrival();
  const greeting = await eventually("the greeting", async () => {
    const messages = await agent.group.messages();
    return messages.find(({ content }) => typeof content === "string");
  });
  const to = { reference: greeting.id, referenceInboxId: agent.inboxId };
  await agent.group.sendReaction({ ...to, action: 1, schema: 1, content: "👀" });
  input.end("bye\n");
  const shown = { event: "reaction", emoji: "👀", to: greeting.id };
  const { events } = await chatting;
  expect(events.filter(({ event }) => event === "reaction")).toMatchObject([{ ...shown, isHistory: false }]);
  const again = await talk(["--name", "Rea", "--message", "/members"]);
  expect(again.events.filter(({ event }) => event === "reaction")).toMatchObject([
    { ...shown, isHistory: true },
  ]);
});

test("a super admin locks, unlocks and explodes, coming back by the invite that the lock made void", async () => {
  await talk(["--name", "Ann", "--message", "/lock"]);
  await agent.group.sync();
  expect(isLocked(agent.group)).toBe(true);
  const unlocked = await talk(["--name", "Ann", "--message", "/unlock"]);
  expect(unlocked.events.at(-1)).toEqual({ event: "unlocked" });
  const exploded = await talk(["--name", "Ann", "--message", "/explode"]);
  expect(exploded.events).toContainEqual({ event: "exploded", failed: [] });
  await eventually("the agent hears of it", async () => agent.hasBeenExploded());
  await eventually("the agent is out", async () => !agent.group.isActive);
});

test("a plain member's explode is refused and says who may", async () => {
  await talk(["--name", "Owner", "--message", "/members"]);
  await expect(talk(["--name", "Member", "--message", "/explode"])).rejects.toMatchObject({
    message: "only a super admin of the conversation may explode it",
    exitCode: 1,
  });
  expect(agent.hasBeenExploded()).toBe(false);
});

test("who is removed is told, and the chat ends", async () => {
  const input = new PassThrough();
  const chatting = talk(["--name", "Bob"], { input });
  const bob = await arrival();
  await eventually("Bob is super admin", async () => agent.group.isSuperAdmin(bob));
  await agent.group.removeSuperAdmin(bob);
  await agent.group.removeMembers([bob]);
  const { code, events } = await chatting;
  expect(code).toBe(0);
  expect(events.at(-1)).toEqual({ event: "ended" });
});

test("Ctrl-C ends a chat that waits, in good order", async () => {
  const stopping = new AbortController();
  const chatting = talk(["--name", "Eve"], { input: new PassThrough(), signal: stopping.signal });
  await arrival();
  stopping.abort();
  expect((await chatting).code).toBe(0);
});

test("Ctrl-C is heard also before the chat has begun", async () => {
  await talk(["--name", "Ida", "--message", "/members"]);
  const { code } = await talk(["--name", "Ida"], { input: new PassThrough(), signal: AbortSignal.abort() });
  expect(code).toBe(0);
});

test("an unknown command, a stranger's network and a dead node each say what to do", async () => {
  await expect(talk(["--name", "Zoe", "--message", "/dance"])).rejects.toMatchObject({
    message: "there is no command /dance",
    hint: expect.stringContaining("/members"),
  });
  const foreign = agent.inviteUrl.replace("local.convos.org", "popup.convos.org");
  await expect(runCommand(chat, [foreign, "--state", "."], { root })).rejects.toMatchObject({
    message: "the invite is of the network 'production', this is 'local'",
    exitCode: 2,
  });
  const env = { XMTP_API_URL: `http://127.0.0.1:${await freePort()}` };
  await expect(runCommand(chat, [agent.inviteUrl, "--state", "."], { root, env })).rejects.toMatchObject({
    exitCode: 3,
    hint: expect.stringContaining("npm start"),
  });
});
