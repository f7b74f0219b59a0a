import { createHash, randomBytes } from "node:crypto";
import { createInvite } from "../../../agent/convos/invite/create.ts";
import { generateTag } from "../../../agent/convos/invite/tag.ts";
import {
  type AgentStatus,
  type ExplodeRequest,
  type InviteAnswer,
  type InviteRefusal,
  type InviteRequest,
  inviteProofParts,
  type ProvisionAnswer,
  type ProvisionRefusal,
  type ProvisionRequest,
  provisionProofParts,
  type SignedStatus,
  statusProofParts,
  statusRequestParts,
} from "../../../domain/agent-protocol.ts";
import { EventReporter } from "./event-reporter.ts";
import { joinOutcome } from "./join-outcome.ts";
import { sameText, signParts } from "./mac.ts";
import type { Misbehaviour } from "./misbehaviour.ts";
import type { StandInClaim, StandInState, StateStore } from "./state-store.ts";

export interface StandInOptions {
  instanceId: string;
  epoch: number;
  generation: string;
  gatewayUrl: string;
  defaultAgentName: string;
  instanceSecret: string;
  bootDelayMs: number;
  misbehave: Misbehaviour | undefined;
  store: StateStore;
  /** Ends the process, or what stands for it. Called once. */
  exit: () => void;
}

const newId = (bytes: number): string => randomBytes(bytes).toString("hex");
/** Signed by a key that nobody has: it is well-formed, and leads nowhere. */
const newInvite = (inboxId: string, groupId: string): string => {
  const [privateKey, tag] = [randomBytes(32), generateTag()];
  return createInvite({ privateKey, inboxId, groupId, tag, env: "local" }).url;
};
const conversationOf = (joinUrl: string): string =>
  createHash("sha256").update(joinUrl).digest("hex").slice(0, 32);

/**
 * An agent that keeps the protocol of `domain/agent-protocol.ts` and does nothing else: no XMTP, no model. It is
 * held to the same contract suite as the real one.
 */
export class StandInAgent {
  readonly #options: StandInOptions;
  readonly #reporter: EventReporter;
  #state: StandInState | undefined;
  #boot: NodeJS.Timeout | undefined;
  #ready = false;
  #ended = false;
  misbehave: Misbehaviour | undefined;

  constructor(options: StandInOptions) {
    this.#options = options;
    this.misbehave = options.misbehave;
    this.#reporter = new EventReporter(options);
    this.#state = options.store.load();
  }

  /** Boots: ready and `idle` reported after the boot delay; with a tombstone it only reports its end and exits. */
  start(): void {
    if (this.#state?.kind === "tombstone") {
      void this.#reportExploded(this.#state.reason);
      return;
    }
    this.#boot = setTimeout(() => this.#booted(), this.#options.bootDelayMs);
  }

  /** Stops at once and tells nobody, as a kill would. */
  stop(): void {
    this.#ended = true;
    clearTimeout(this.#boot);
    this.#reporter.stop();
  }

  get ready(): boolean {
    return this.#ready;
  }

  status(nonce: string): SignedStatus {
    const { instanceId, epoch, generation } = this.#options;
    const alive = this.#state?.kind === "alive" ? this.#state : undefined;
    const status: AgentStatus = {
      instanceId,
      epoch,
      generation,
      ready: this.#ready,
      parts: { standIn: this.#ready },
      inboxId: alive?.inboxId ?? null,
      joinInboxId: alive?.joinInboxId ?? null,
      conversationId: alive?.conversationId ?? null,
      claimId: alive?.claim?.claimId ?? null,
      exploding: this.#state?.kind === "tombstone",
      versions: { "stand-in-agent": "1" },
    };
    return { ...status, proof: this.#sign(statusProofParts(nonce, status)) };
  }

  isStatusRequest(nonce: string, mac: string): boolean {
    return sameText(signParts(this.#options.instanceSecret, statusRequestParts(nonce)), mac);
  }

  isBearer(authorization: string): boolean {
    return sameText(`Bearer ${this.#options.instanceSecret}`, authorization);
  }

  /** Returns why it refuses, `"no-answer"` when the caller is to be left without one, or the answer. */
  provision(request: ProvisionRequest): ProvisionAnswer | ProvisionRefusal | "no-answer" {
    if (this.misbehave === "die-on-provision") {
      this.#end();
      return "no-answer";
    }
    if (this.misbehave === "refuse-provision") return "not-ready";
    const state = this.#state;
    if (state?.kind === "tombstone") return "exploding";
    if (!this.#ready || state === undefined) return "not-ready";
    if (state.claim !== null && state.claim.claimId !== request.claimId) return "claimed-by-another";
    const claim = state.claim ?? this.#newClaim(request, state);
    if (typeof claim === "string") return claim;
    if (state.claim === null) {
      this.#keep({ ...state, claim });
      this.#endJoin(claim);
    }
    if (this.misbehave === "hang-provision") return "no-answer";
    const { instanceId, epoch } = this.#options;
    const { claimId, outcome, agentName, conversationId, inviteUrl } = claim;
    const answer = { claimId, instanceId, epoch, outcome, agentName, conversationId, inviteUrl };
    return { ...answer, proof: this.#sign(provisionProofParts(request.nonce, answer)) };
  }

  /** A link like the claim's own, another one each time. Returns why it refuses, or the answer. */
  invite({ claimId, nonce }: InviteRequest): InviteAnswer | InviteRefusal {
    const state = this.#state;
    if (state?.kind === "tombstone") return "exploding";
    if (state === undefined || state.claim === null) return "not-claimed";
    if (state.claim.claimId !== claimId) return "claimed-by-another";
    if (state.claim.outcome !== "created") return "not-the-inviter";
    const { instanceId, epoch } = this.#options;
    const inviteUrl = newInvite(state.inboxId, state.conversationId);
    const answer = { claimId, instanceId, epoch, inviteUrl };
    return { ...answer, proof: this.#sign(inviteProofParts(nonce, answer)) };
  }

  /** The tombstone is kept before this returns; what follows happens by itself. */
  explode(reason: ExplodeRequest["reason"]): void {
    if (this.#state?.kind === "tombstone") return;
    clearTimeout(this.#boot);
    this.#ready = false;
    this.#keep({ kind: "tombstone", reason });
    void this.#explode(reason);
  }

  async #explode(reason: ExplodeRequest["reason"]): Promise<void> {
    await this.#reporter.report({ kind: "exploding", reason });
    if (this.misbehave === "die-between-wipe-and-report") this.#end();
    else await this.#reportExploded(reason);
  }

  #booted(): void {
    if (this.misbehave === "never-ready") return;
    const state = this.#state?.kind === "alive" ? this.#state : this.#newState();
    this.#keep(state);
    this.#ready = true;
    const { inboxId, conversationId } = state;
    void this.#reporter.report({ kind: "idle", inboxId, conversationId });
    if (state.claim !== null) this.#endJoin(state.claim);
  }

  #newState(): StandInState & { kind: "alive" } {
    const [inboxId, joinInboxId, conversationId] = [newId(32), newId(32), newId(16)];
    return { kind: "alive", inboxId, joinInboxId, conversationId, claim: null };
  }

  #newClaim(
    request: ProvisionRequest,
    { inboxId, conversationId: own }: { inboxId: string; conversationId: string },
  ): StandInClaim | ProvisionRefusal {
    const { claimId, joinUrl } = request;
    const agentName = request.name ?? this.#options.defaultAgentName;
    if (joinUrl === undefined) {
      const inviteUrl = newInvite(inboxId, own);
      return { claimId, outcome: "created", agentName, conversationId: own, inviteUrl };
    }
    const join = joinOutcome(joinUrl);
    if ("refusal" in join) return join.refusal;
    const conversationId = join.outcome === "joined" ? conversationOf(joinUrl) : null;
    const claim = { claimId, outcome: join.outcome, agentName, conversationId, inviteUrl: null };
    return "ends" in join && join.ends !== undefined ? { ...claim, ends: join.ends } : claim;
  }

  /** Plays the inviter of a pending join, once. */
  #endJoin({ ends, ...claim }: StandInClaim): void {
    if (ends === undefined || this.#state?.kind !== "alive") return;
    const { claimId } = claim;
    if (ends === "refused") {
      this.#keep({ ...this.#state, claim });
      void this.#reporter.report({ kind: "join-refused", claimId, refusal: "invite-revoked" });
      return;
    }
    const conversationId = newId(16);
    this.#keep({ ...this.#state, claim: { ...claim, conversationId, outcome: "joined" } });
    void this.#reporter.report({ kind: "joined", claimId, conversationId });
  }

  async #reportExploded(reason: ExplodeRequest["reason"]): Promise<void> {
    await this.#reporter.report({ kind: "exploded", reason });
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.stop();
    this.#options.exit();
  }

  #keep(state: StandInState): void {
    this.#state = state;
    this.#options.store.save(state);
  }

  #sign(parts: readonly string[]): string {
    const lies = this.misbehave === "lie-proof";
    return signParts(lies ? "0".repeat(64) : this.#options.instanceSecret, parts);
  }
}
