import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { eventually } from "../../../infra/testing/eventually.ts";
import { openDatabase } from "../state/database.ts";
import { openIdentityFile } from "../state/identity-file.ts";
import { createNotifications, type Notifications } from "../state/notifications.ts";
import { createTurnLedger, type TurnLedger } from "../state/turn-ledger.ts";
import { createInboundClient } from "./inbound-client.ts";
import { type Intake, startIntake } from "./intake.ts";

const sms = {
  kind: "sms",
  message: {
    from: "+1",
    to: "+2",
    sentAt: "2026-01-02T03:04:05Z",
    reference: "r",
    text: "Hello",
    attachments: [],
  },
};

/** What the platform answers next, by request; the default is what it holds. */
const held = new Map<string, unknown>();
const troubles: { on: string; status: number }[] = [];
const requests: string[] = [];
const platform = createServer((request, response) => {
  const id = request.url?.split("/").at(-1) ?? "";
  const name = `${request.method} ${id}`;
  requests.push(name);
  const authorized = request.headers.authorization === "Bearer the-secret";
  const trouble = troubles.findIndex(({ on }) => on === name);
  const [failure] = trouble < 0 ? [] : troubles.splice(trouble, 1);
  // A delete that fails has had its effect: the answer is what was lost.
  const item = held.get(id);
  if (request.method === "DELETE") held.delete(id);
  if (failure !== undefined || !authorized) return response.writeHead(failure?.status ?? 401).end();
  if (request.method === "DELETE" || item === undefined) return response.writeHead(204).end();
  return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(item));
});

let folder: string;
let database: DatabaseSync;
let notifications: Notifications;
let turns: TurnLedger;
let intake: Intake | undefined;
let url: string;
let isClaimed: boolean;
let credits: number;
const stateKey = randomBytes(32).toString("hex");
const lines: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "intake-"));
  database = openDatabase(join(folder, "agent.db"));
  const { vault } = openIdentityFile(join(folder, "identity.json"), stateKey);
  notifications = createNotifications(database);
  turns = createTurnLedger(database, vault);
  platform.listen(0, "127.0.0.1");
  await once(platform, "listening");
  const address = platform.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  url = `http://127.0.0.1:${address.port}`;
  isClaimed = true;
  credits = 0;
});
afterEach(async () => {
  await intake?.stop();
  platform.closeAllConnections();
  await new Promise((resolve) => platform.close(resolve));
  database.close();
  await rm(folder, { recursive: true });
  held.clear();
  for (const list of [troubles, requests, lines]) list.splice(0);
});

function start(): void {
  intake = startIntake({
    notifications,
    take: (message) => turns.take(message),
    client: createInboundClient({
      gatewayUrl: url,
      instanceId: "abcdefghijkl",
      instanceSecret: "the-secret",
    }),
    isClaimed: () => isClaimed,
    onMessage: () => undefined,
    onSms: () => false,
    onCredits: () => {
      credits += 1;
    },
    log: (event, facts) => lines.push(JSON.stringify({ event, ...facts })),
  });
}

const emptied = () => eventually("everything to be dealt with", () => notifications.next() === undefined);
const texts = (): string[] => turns.waiting().map(({ text }) => text.split("\n").at(-1) ?? "");

it("makes one message of each item, in the order in which it was told of them, and forgets them", async () => {
  held.set("one", sms);
  held.set("two", { ...sms, message: { ...sms.message, text: "World" } });
  for (const id of ["one", "two", "one"]) notifications.keep(id);
  start();
  await emptied();
  expect(texts()).toEqual(["> Hello", "> World"]);
  expect(requests).toEqual(["GET one", "DELETE one", "GET two", "DELETE two"]);
  expect(lines.join("")).not.toContain("Hello");
});

it("makes one message of an item whose acknowledgement was lost, or that is told of again", async () => {
  held.set("one", sms);
  troubles.push({ on: "GET one", status: 503 }, { on: "DELETE one", status: 503 });
  notifications.keep("one");
  start();
  await emptied();
  held.set("one", sms);
  notifications.keep("one");
  intake?.wake();
  await emptied();
  expect(texts()).toEqual(["> Hello"]);
});

it("goes on behind what is gone and what it does not know, and leaves the latter with the platform", async () => {
  held.set("unknown", { kind: "fax", message: {} });
  held.set("last", sms);
  troubles.push({ on: "GET gone", status: 410 }, { on: "GET strange", status: 404 });
  for (const id of ["gone", "strange", "unknown", "last"]) notifications.keep(id);
  start();
  await emptied();
  expect(texts()).toEqual(["> Hello"]);
  expect(held.has("unknown")).toBe(true);
  expect(lines.join("\n")).toContain("inbound-unreadable");
});

it("fetches nothing before there is a claim", async () => {
  isClaimed = false;
  held.set("one", sms);
  notifications.keep("one");
  start();
  intake?.wake();
  // Another round of everything that is ready to run.
  await new Promise((resolve) => setImmediate(resolve));
  expect(requests).toEqual([]);
  isClaimed = true;
  intake?.wake();
  await emptied();
  expect(texts()).toEqual(["> Hello"]);
});

it("passes on that there is money again", async () => {
  held.set("one", { kind: "credits" });
  notifications.keep("one");
  start();
  await emptied();
  expect(credits).toBe(1);
  expect(turns.waiting()).toEqual([]);
});
