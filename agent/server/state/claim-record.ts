import type { DatabaseSync } from "node:sqlite";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { PROVISION_REFUSALS, type ProvisionRefusal } from "../../../domain/agent-protocol.ts";
import { AgentAttestation } from "../../../domain/attestation.ts";
import type { Vault } from "./vault.ts";

const PURPOSE = "claim";

/** Where the sealed picture is fetched, and what opens it together with the image key of the conversation. Hex. */
const ClaimPicture = Type.Object({ url: Type.String(), salt: Type.String(), nonce: Type.String() });
export type ClaimPicture = Static<typeof ClaimPicture>;

/** What the claim asked for and what became of it; the nonce is of one attempt and is not kept. */
const ClaimContent = Type.Object({
  instructions: Type.String(),
  agentName: Type.String(),
  joinUrl: Type.Optional(Type.String()),
  profileImage: Type.Optional(Type.String()),
  /** Where the platform reaches the agent. */
  agentUrl: Type.Optional(Type.String()),
  /** Of `profileImage`, once it is stored and can be shown. */
  picture: Type.Optional(ClaimPicture),
  metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
  /** Of the inbox that serves the claim. */
  attestation: Type.Optional(AgentAttestation),
});
export type ClaimContent = Static<typeof ClaimContent>;

const Served = Type.Object({
  conversationId: Type.Union([Type.String(), Type.Null()]),
  inviteUrl: Type.Union([Type.String(), Type.Null()]),
});

/** How the claim was served; a refusal is the inviter's answer to our join request. */
export type ClaimOutcome = "created" | "joined" | "pending" | ProvisionRefusal;

export interface ClaimRecord {
  claimId: string;
  content: ClaimContent;
  outcome: ClaimOutcome;
  conversationId: string | null;
  inviteUrl: string | null;
}

export interface ClaimStore {
  read(): ClaimRecord | undefined;
  /** The one claim of this agent's life. Throws when there is one already. */
  insert(record: ClaimRecord): void;
  settle(outcome: ClaimOutcome, conversationId: string | null): ClaimRecord;
  /** A newer attestation takes the former one's place. */
  attest(attestation: AgentAttestation): void;
  /** What every profile from now on shows. */
  setPicture(picture: ClaimPicture): void;
}

/** Why the claim was never served; undefined while it is, or still may be. */
export function refusalOf({ outcome }: ClaimRecord): ProvisionRefusal | undefined {
  return outcome === "created" || outcome === "joined" || outcome === "pending" ? undefined : outcome;
}

const OUTCOMES = new Set<string>(["created", "joined", "pending", ...PROVISION_REFUSALS]);
const isOutcome = (value: string): value is ClaimOutcome => OUTCOMES.has(value);

export function createClaimStore(database: DatabaseSync, vault: Vault): ClaimStore {
  const select = database.prepare("SELECT claim_id, request, outcome, answer FROM claim");
  const insert = database.prepare(
    "INSERT INTO claim (claim_id, request, outcome, answer) VALUES (?, ?, ?, ?)",
  );
  const update = database.prepare("UPDATE claim SET outcome = ?, answer = ?");
  const rewrite = database.prepare("UPDATE claim SET request = ?");
  let cached: ClaimRecord | undefined;

  const load = (): ClaimRecord | undefined => {
    const row = select.get();
    if (row === undefined) return undefined;
    const { claim_id: claimId, request, outcome, answer } = row;
    if (typeof claimId !== "string" || typeof outcome !== "string" || !isOutcome(outcome))
      throw new TypeError("the stored claim is malformed");
    if (!(request instanceof Uint8Array) || !(answer instanceof Uint8Array))
      throw new TypeError("the stored claim is malformed");
    const content = Value.Parse(ClaimContent, JSON.parse(vault.openText(PURPOSE, request)));
    const served = Value.Parse(Served, JSON.parse(vault.openText(PURPOSE, answer)));
    return { claimId, content, outcome, ...served };
  };
  const sealContent = (content: ClaimContent): Buffer => vault.sealText(PURPOSE, JSON.stringify(content));
  const sealServed = (served: Static<typeof Served>): Buffer =>
    vault.sealText(PURPOSE, JSON.stringify(served));

  const amend = (change: Pick<ClaimContent, "attestation"> | Pick<ClaimContent, "picture">): void => {
    const record = load();
    if (record === undefined) throw new Error("there is no claim to amend");
    const content = { ...record.content, ...change };
    rewrite.run(sealContent(content));
    cached = { ...record, content };
  };

  return {
    read: () => {
      cached ??= load();
      return cached;
    },
    insert: (record) => {
      const { conversationId, inviteUrl } = record;
      const request = sealContent(record.content);
      insert.run(record.claimId, request, record.outcome, sealServed({ conversationId, inviteUrl }));
      cached = record;
    },
    settle: (outcome, conversationId) => {
      const record = load();
      if (record === undefined) throw new Error("there is no claim to settle");
      update.run(outcome, sealServed({ conversationId, inviteUrl: record.inviteUrl }));
      cached = { ...record, outcome, conversationId };
      return cached;
    },
    attest: (attestation) => amend({ attestation }),
    setPicture: (picture) => amend({ picture }),
  };
}
