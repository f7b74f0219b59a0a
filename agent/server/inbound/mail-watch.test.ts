import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { afterEach, beforeEach, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { LIMITS } from "../../../domain/limits.ts";
import { TestDouble } from "../../../infra/local/doubles/agentmail/testing.ts";
import { eventually } from "../../../infra/testing/eventually.ts";
import { connect } from "../../skills/agentmail/mailbox.ts";
import { openDatabase } from "../state/database.ts";
import { openIdentityFile } from "../state/identity-file.ts";
import { createTurnLedger, type TurnLedger } from "../state/turn-ledger.ts";
import { listenForMail } from "./mail-socket.ts";
import { type MailWatch, startMailWatch } from "./mail-watch.ts";
import { toStoredMessage } from "./outside-message.ts";

const Received = Type.Object({ messageId: Type.String() });
const stateKey = randomBytes(32).toString("hex");

let folder: string;
let test: TestDouble;
let address: string;
let key: string;
let database: DatabaseSync;
let turns: TurnLedger;
let watch: MailWatch | undefined;
let isClaimed: boolean;
let since: string | undefined;
let wakes: number;
const lines: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mail-watch-"));
  test = await TestDouble.start();
  address = await test.inbox("convos-0123456789");
  key = await test.keyOf(address, {
    inboxRead: true,
    messageRead: true,
    messageSend: true,
    messageUpdate: true,
  });
  database = openDatabase(join(folder, "agent.db"));
  turns = createTurnLedger(database, openIdentityFile(join(folder, "identity.json"), stateKey).vault);
  isClaimed = true;
  since = undefined;
  wakes = 0;
});
afterEach(async () => {
  await watch?.stop();
  watch = undefined;
  await test.close();
  database.close();
  await rm(folder, { recursive: true });
  lines.splice(0);
});

function start(mailbox = async () => ({ inboxId: address, key })): void {
  watch = startMailWatch({
    mailbox,
    baseUrl: test.double.url,
    isClaimed: () => isClaimed,
    since: {
      read: () => since,
      write: (at) => {
        since = at;
      },
    },
    knows: (id) => turns.knows(id),
    take: (message) => turns.take(message),
    onMessage: () => {
      wakes += 1;
    },
    log: (event, facts) => lines.push(JSON.stringify({ event, ...facts })),
  });
}

const receive = async (text: string, letter: object = {}): Promise<string> =>
  Value.Parse(Received, await test.receive({ inboxId: address, text, ...letter })).messageId;
const texts = (): string[] => turns.waiting().map(({ text }) => text.split("\n").at(-1) ?? "");
const taken = (count: number) => eventually(`${count} mails`, () => turns.waiting().length >= count);
const sockets = (): number => test.double.state().websockets;
const connected = () => eventually("a connection", () => sockets() === 1);
/** Nothing is under way any more: what came last has come, so whatever was before it would have, too. */
const settled = async (): Promise<void> => {
  const id = await receive("the last");
  await eventually("the last mail", () => turns.knows(`mail:${id}`));
};

it("makes a turn of each mail that comes over the connection, in the words that the platform would use", async () => {
  start();
  await connected();
  const id = await receive("Hello\n> quoted", { subject: "Greetings", from: "Ann <ann@outside.example>" });
  await taken(1);
  const [message] = turns.waiting();
  expect(message?.id).toBe(`mail:${id}`);
  expect(message?.text).toContain(`From: Ann <ann@outside.example>\nTo you at: ${address}`);
  expect(message?.text).toContain(`Message id: ${id}\nSubject: Greetings\n> Hello`);
  expect(wakes).toBe(1);
  // Only what came from about now on is looked for at first.
  expect(Date.parse(since ?? "")).toBeGreaterThan(Date.now() - 120_000);
  expect(lines.join("")).not.toMatch(/Hello|Greetings|ann@/);
});

it("finds what came while there was no connection, once, over any number of connections and restarts", async () => {
  await receive("before the first look");
  start();
  await taken(1);
  await connected();
  await test.control("POST", "agentmail/websockets/drop");
  await receive("while it was away");
  await taken(2);
  await watch?.stop();
  await receive("while it was stopped");
  start();
  await taken(3);
  await connected();
  await test.control("POST", "agentmail/websockets/drop");
  await eventually("no connection", () => sockets() === 0);
  await settled();
  expect(texts()).toEqual([
    "> before the first look",
    "> while it was away",
    "> while it was stopped",
    "> the last",
  ]);
  expect(wakes).toBe(4);
});

it("makes one turn of a mail that also comes by the platform, whichever is first", async () => {
  const mail = {
    from: "Ann",
    to: address,
    sentAt: "2026-01-02T03:04:05Z",
    text: "by the platform",
    attachments: [],
  };
  start();
  await connected();
  const id = await receive("by the mailbox");
  await taken(1);
  expect(turns.take(toStoredMessage("inbound-1", "mail", { ...mail, reference: id }))).toBe(false);
  await watch?.stop();
  const other = await receive("second by the mailbox");
  expect(turns.take(toStoredMessage("inbound-2", "mail", { ...mail, reference: other }))).toBe(true);
  start();
  await settled();
  expect(texts().toSorted()).toEqual(["> by the mailbox", "> by the platform", "> the last"]);
});

it("takes no spam, no blocked mail, nothing of its own, and nothing that was read before", async () => {
  start();
  await connected();
  for (const verdict of ["spam", "blocked", "unauthenticated"]) await receive(verdict, { verdict });
  await watch?.stop();
  const read = await receive("read meanwhile");
  await test.sdk.inboxes.messages.update(address, read, { removeLabels: ["unread"] });
  await test.sdk.inboxes.messages.send(address, { to: ["ann@outside.example"], text: "our own" });
  start();
  await settled();
  expect(texts()).toEqual(["> the last"]);
});

it("looks at nothing before the claim, and takes nothing that came long before it", async () => {
  isClaimed = false;
  await receive("before the claim");
  await test.advance(5 * 60_000);
  start();
  watch?.wake();
  await new Promise((resolve) => setImmediate(resolve));
  expect(sockets()).toBe(0);
  since = new Date(Date.now() + 4 * 60_000).toISOString();
  isClaimed = true;
  watch?.wake();
  await settled();
  expect(Date.parse(since)).toBeGreaterThan(Date.now() + 3 * 60_000);
  expect(texts()).toEqual(["> the last"]);
});

it("waits for a mailbox that is being made, and goes on when requests fail", async () => {
  let asked = 0;
  test.double.faults.add({ match: { path: "/messages$" }, fault: { kind: "html" }, times: 2 });
  test.double.faults.add({ match: { path: "/messages/.+" }, fault: { kind: "reset" } });
  await receive("one");
  const oneAtMs = Date.now();
  await eventually("a later millisecond", () => Date.now() > oneAtMs);
  await receive("two");
  start(async () => {
    asked += 1;
    if (asked === 1) throw new Error("not ready yet");
    return { inboxId: address, key };
  });
  await taken(2);
  expect(texts()).toEqual(["> one", "> two"]);
  expect(lines.join("\n")).toContain("mail-watch-failed");
});

it("reads all pages of what is unread, and cuts what is long", async () => {
  await test.set({ maxPageSize: 3, emptyFirstPage: true });
  for (let nth = 0; nth < 8; nth += 1) await receive(`mail ${nth}`);
  await receive("x".repeat(LIMITS.inboundTextMaxChars + 5), { subject: "y".repeat(900) });
  start();
  await taken(9);
  expect(texts().slice(0, 8)).toEqual(Array.from({ length: 8 }, (_, nth) => `> mail ${nth}`));
  expect(texts().at(-1)).toBe("> [the rest was cut off]");
});

it("outlives whatever a connection brings, and says when it has ended", async () => {
  const server = createServer();
  const wss = new WebSocketServer({ server });
  const frames = [
    "not json",
    "{}",
    "[]",
    "null",
    JSON.stringify({
      type: "event",
      event_type: "message.received",
      message: { inbox_id: "other@x", message_id: "a" },
    }),
    JSON.stringify({
      type: "event",
      event_type: "message.received.spam",
      message: { inbox_id: address, message_id: "b" },
    }),
    JSON.stringify({
      type: "event",
      event_type: "message.received",
      message: { inbox_id: address, message_id: "c" },
    }),
  ];
  wss.on("connection", (socket) => {
    socket.on("message", () => {
      socket.send(Buffer.from([0, 1, 2]));
      for (const frame of frames) socket.send(frame);
      socket.close(1011);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("no port");
  const told: string[] = [];
  const box = connect({ inboxId: address, key }, `http://127.0.0.1:${bound.port}`);
  const signal = AbortSignal.timeout(20_000);
  const listening = listenForMail(box, {
    onSubscribed: () => told.push("on"),
    onMail: (id) => told.push(id),
    signal,
  });
  await expect(listening).rejects.toThrow(/connection has ended/);
  expect(told).toEqual(["c"]);
  wss.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it("ends at once while nobody says which mailbox it is", async () => {
  const asked = Promise.withResolvers<void>();
  start(() => {
    asked.resolve();
    return new Promise(() => undefined);
  });
  await asked.promise;
  const beganAtMs = Date.now();
  await watch?.stop();
  expect(Date.now() - beganAtMs).toBeLessThan(1_000);
});
