import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Group } from "@xmtp/node-sdk";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import {
  isLocked,
  lockGroup,
  PERMISSION,
  POLICY,
  parseInvite,
  readTag,
  unlockGroup,
} from "../../convos/index.ts";
import { type Network, openConversation, openNetwork, type Person } from "../../convos/testing/network.ts";
import { openDatabase } from "../state/database.ts";
import { createFacts, type Facts } from "../state/facts.ts";
import { createRoom, type Room } from "./room.ts";

let network: Network;
let folder: string;
let facts: Facts;
let end: () => void;
let agent: Person;
let group: Group<unknown>;

beforeAll(async () => {
  network = await openNetwork();
  agent = await network.person();
  folder = mkdtempSync(join(tmpdir(), "room-"));
  const database = openDatabase(join(folder, "agent.db"));
  facts = createFacts(database);
  end = () => database.close();
});
afterAll(async () => {
  end();
  rmSync(folder, { recursive: true });
  await network.close();
});
beforeEach(async () => {
  group = await openConversation(agent);
});

/** As each request gets one of its own. */
const room = (): Room =>
  createRoom({
    chat: { client: agent.client, group },
    isOwn: true,
    privateKey: Buffer.from(agent.privateKey).toString("hex"),
    env: "local",
    agentName: "Walrus",
    profileImage: undefined,
    expiresAt: undefined,
    facts,
    log: () => undefined,
  });
const policy = (): number => group.permissions().policySet.addMemberPolicy;

it("is locked and unlocked by one request after another, so that each answer was true once", async () => {
  const wishes = [true, false, true, false];
  const answers = await Promise.all(wishes.map((wish) => room().setLocked(wish)));
  expect(answers.map((answer) => "isLocked" in answer && answer.isLocked)).toEqual(wishes);
  expect(isLocked(group)).toBe(false);
  const last = answers.at(-1);
  const parsed = parseInvite(last && "inviteUrl" in last ? (last.inviteUrl ?? "") : "");
  expect(parsed.ok && parsed.invite.tag).toBe(readTag(group.appData));
});

it("is opened for those who could add members before it was locked, however often that was", async () => {
  await group.updatePermission(PERMISSION.addMember, POLICY.admin);
  for (const wish of [true, true, false]) await room().setLocked(wish);
  expect(policy()).toBe(POLICY.admin);
  await unlockGroup(group);
  for (const wish of [true, false]) await room().setLocked(wish);
  expect(policy()).toBe(POLICY.allow);
});

it("is opened for everybody where others have locked it", async () => {
  await lockGroup(group);
  expect(await room().setLocked(false)).toMatchObject({ isLocked: false });
  expect(policy()).toBe(POLICY.allow);
});
