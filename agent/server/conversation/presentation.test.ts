import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Group } from "@xmtp/node-sdk";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AgentAttestation } from "../../../domain/attestation.ts";
import { profileUpdateCodec, readAttestation } from "../../convos/index.ts";
import { openDatabase } from "../state/database.ts";
import { createFacts, type Facts } from "../state/facts.ts";
import { createOwnProfile } from "./own-profile.ts";
import { type PresentationOptions, presentAgent, refreshProfile } from "./presentation.ts";

let folder: string;
let facts: Facts;
let end: () => void;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "presentation-"));
  const database = openDatabase(join(folder, "agent.db"));
  facts = createFacts(database);
  end = () => database.close();
});
afterEach(() => {
  end();
  rmSync(folder, { recursive: true, force: true });
});

const optionsFor = (sync: () => Promise<void>, signal: AbortSignal): PresentationOptions => ({
  group: {
    name: "Agent",
    updateName: () => Promise.reject(new Error("refused")),
    sync,
  },
  profile: { send: async () => undefined },
  claim: {
    claimId: "c",
    content: { instructions: "", agentName: "Walrus" },
    outcome: "created",
    conversationId: "g",
    inviteUrl: null,
  },
  facts,
  attestation: async () => undefined,
  log: () => undefined,
  signal,
});

it("holds nobody up for ever when the network answers and refuses it", async () => {
  const ending = new AbortController();
  await presentAgent(optionsFor(async () => undefined, ending.signal));
  ending.abort();
  expect(facts.get("presented")).toBeUndefined();
}, 15_000);

it("is waited for while the network is down", async () => {
  const ending = new AbortController();
  let attempts = 0;
  const down = async (): Promise<void> => {
    attempts += 1;
    if (attempts === 5) ending.abort();
    throw new Error("unavailable");
  };
  await expect(presentAgent(optionsFor(down, ending.signal))).rejects.toThrow("ending");
  expect(attempts).toBe(5);
}, 30_000);

it("is told again with a newer attestation, and without one that is too old, each once", async () => {
  const sent: (string | undefined)[] = [];
  /** What is one message in a conversation, however often it is sent. */
  const messages = new Set<string>();
  const content = { instructions: "", agentName: "Walrus" };
  const record = { claimId: "c", content, outcome: "created", conversationId: "g", inviteUrl: null } as const;
  const group = {
    send: async (...[message, options]: Parameters<Group["send"]>): Promise<string> => {
      const shown = readAttestation(profileUpdateCodec.decode(message)?.metadata ?? {})?.timestamp;
      sent.push(shown);
      messages.add(`${options?.idempotencyKey} ${shown}`);
      return "";
    },
  };
  const profile = createOwnProfile({ group, claim: { read: () => record }, facts });
  let held: AgentAttestation | undefined;
  const refresh = (): Promise<void> =>
    refreshProfile({ profile, facts, attestation: async () => held, log: () => undefined });
  const at = (hour: number): AgentAttestation => ({
    inboxId: "a".repeat(64),
    signature: "s",
    timestamp: `2026-11-23T${hour}:00:00Z`,
    keyId: "key",
  });
  await refresh();
  facts.set("presented", "yes");
  await refresh();
  expect(sent).toEqual([]);
  for (const attestation of [at(10), undefined, at(22), undefined]) {
    held = attestation;
    await refresh();
    await refresh();
  }
  expect(sent).toEqual([at(10).timestamp, undefined, at(22).timestamp, undefined]);
  expect(messages.size).toBe(4);
});
