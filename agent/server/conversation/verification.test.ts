import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AgentAttestation } from "../../../domain/attestation.ts";
import { type ClaimStore, createClaimStore } from "../state/claim-record.ts";
import { openDatabase } from "../state/database.ts";
import { createVault, SALT_BYTES } from "../state/vault.ts";
import { createVerification } from "./verification.ts";

const HOUR_MS = 60 * 60_000;
const SIGNED_AT = Date.parse("2026-11-23T00:00:00Z");
const attested = (timestamp: string): AgentAttestation => ({
  inboxId: "a1".repeat(32),
  signature: "s".repeat(86),
  timestamp,
  keyId: "key",
});
const OF_THE_CLAIM = attested("2026-11-23T00:00:00Z");
const RENEWED = attested("2026-11-23T13:00:00Z");

let folder: string;
let claim: ClaimStore;
/** What another process would read. */
let reread: () => AgentAttestation | undefined;
let end: () => void;
let asked: AgentAttestation[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "verification-"));
  const database = openDatabase(join(folder, "agent.db"));
  const vault = createVault(randomBytes(32).toString("hex"), randomBytes(SALT_BYTES));
  claim = createClaimStore(database, vault);
  reread = () => createClaimStore(database, vault).read()?.content.attestation;
  end = () => database.close();
  asked = [];
});
afterEach(() => {
  end();
  rmSync(folder, { recursive: true, force: true });
});

const claimedWith = (attestation?: AgentAttestation): void =>
  claim.insert({
    claimId: "abcdefghij0123456789",
    content: { instructions: "", agentName: "Agent", ...(attestation && { attestation }) },
    ...{ outcome: "pending", conversationId: null, inviteUrl: null },
  });
const showAfter = (hours: number, answer: () => Promise<AgentAttestation | undefined>) =>
  createVerification({
    claim,
    renew: (former) => {
      asked.push(former);
      return answer();
    },
    log: () => undefined,
    signal: new AbortController().signal,
    now: () => SIGNED_AT + hours * HOUR_MS,
  })();
const refused = async () => undefined;
const unreachable = async () => {
  throw new Error("unreachable");
};

it("shows what came with the claim for half a day, and asks nobody", async () => {
  claimedWith(OF_THE_CLAIM);
  expect(await showAfter(0, unreachable)).toEqual(OF_THE_CLAIM);
  expect(await showAfter(11.9, unreachable)).toEqual(OF_THE_CLAIM);
  expect(asked).toEqual([]);
});

it("has it renewed then, and keeps the newer one beside all else that it was told", async () => {
  claimedWith(OF_THE_CLAIM);
  expect(await showAfter(13, async () => RENEWED)).toEqual(RENEWED);
  expect(asked).toEqual([OF_THE_CLAIM]);
  expect(claim.read()).toMatchObject({
    outcome: "pending",
    content: { agentName: "Agent", instructions: "" },
  });
  expect(reread()).toEqual(RENEWED);
  expect(await showAfter(14, unreachable)).toEqual(RENEWED);
});

it.each([["refused", refused] as const, ["out of reach", unreachable] as const])(
  "goes on with the old one while it is %s, but not with one that nobody would take",
  async (_, answer) => {
    claimedWith(OF_THE_CLAIM);
    expect(await showAfter(22, answer)).toEqual(OF_THE_CLAIM);
    expect(await showAfter(23, answer)).toBeUndefined();
    expect(reread()).toEqual(OF_THE_CLAIM);
  },
);

it("an agent that was not attested stays so", async () => {
  expect(await showAfter(0, unreachable)).toBeUndefined();
  claimedWith();
  expect(await showAfter(48, async () => RENEWED)).toBeUndefined();
  expect(asked).toEqual([]);
});
