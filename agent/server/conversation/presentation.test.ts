import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openDatabase } from "../state/database.ts";
import { createFacts, type Facts } from "../state/facts.ts";
import { type PresentationOptions, presentAgent } from "./presentation.ts";

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
