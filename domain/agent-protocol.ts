/**
 * The words the control plane and an agent share: paths, bodies and what is signed.
 *
 * Both sides hold the instance secret (32 bytes, hex). It is used in three ways and never sent before the
 * agent has proved that it holds it too:
 *  - `status` is asked with a request MAC and answered with a proof over the caller's nonce;
 *  - only then `provision`, `notify`, `invite` and `explode` carry it as `Authorization: Bearer`;
 *  - the agent carries it as Bearer in its reports to the gateway.
 *
 * A MAC is HMAC-SHA256 in lower-case hex over the UTF-8 of the parts joined by "\n", absent parts as "".
 */

import type { AgentAttestation } from "./attestation.ts";

export const AGENT_PATHS = {
  health: "/pool/health",
  status: "/pool/status",
  /** For whoever runs the agent, on its own machine only: what each skill says of itself. */
  skills: "/pool/skills",
  provision: "/pool/provision",
  notify: "/pool/notify",
  invite: "/pool/invite",
  explode: "/pool/explode",
} as const;

/** Headers of `GET /pool/status`: a fresh nonce (16–64 hex) and the MAC of `statusRequestParts`. */
export const NONCE_HEADER = "x-pool-nonce";
export const MAC_HEADER = "x-pool-mac";

export const statusRequestParts = (nonce: string): readonly string[] => ["status-request", nonce];

export interface AgentStatus {
  instanceId: string;
  epoch: number;
  generation: string;
  /** Parts ready or not, never latched: the truth at the moment of asking. */
  ready: boolean;
  parts: Readonly<Record<string, boolean>>;
  inboxId: string | null;
  /** The inbox that joins by invite; it has no group of its own. */
  joinInboxId: string | null;
  conversationId: string | null;
  /** The claim this agent serves, or null. An agent serves one claim in its life. */
  claimId: string | null;
  exploding: boolean;
  versions: Readonly<Record<string, string>>;
}

export const statusProofParts = (nonce: string, status: AgentStatus): readonly string[] => [
  "status",
  nonce,
  status.instanceId,
  String(status.epoch),
  status.generation,
  String(status.ready),
  status.inboxId ?? "",
  // What is signed as an agent's inbox has to be proved to be one.
  status.joinInboxId ?? "",
  status.conversationId ?? "",
  status.claimId ?? "",
  String(status.exploding),
];

export type SignedStatus = AgentStatus & { proof: string };

/** `POST /pool/provision`. Idempotent by claim id; another claim id is refused with 409 `claimed-by-another`. */
export interface ProvisionRequest {
  claimId: string;
  /** 16–64 hex, fresh for each attempt. */
  nonce: string;
  instructions: string;
  /** The agent's display name and the conversation's name. */
  name?: string;
  /** An invite to join; without one the agent opens the conversation it made while idle. */
  joinUrl?: string;
  /** An https URL. The agent fetches the picture, seals it for the members and serves what it has sealed. */
  profileImage?: string;
  /** Where the platform reaches the agent, and so where members find the picture. Given where there is one. */
  agentUrl?: string;
  metadata?: Readonly<Record<string, string>>;
  /** Of the inbox that will speak, as of this attempt; the first that arrives is kept. Renewed by the agent when due. */
  attestation?: AgentAttestation;
}

export interface ProvisionAnswer {
  claimId: string;
  instanceId: string;
  epoch: number;
  /** `created`: own conversation, invite signed. `joined`: admitted. `pending`: join request sent, not admitted yet. */
  outcome: "created" | "joined" | "pending";
  agentName: string;
  conversationId: string | null;
  inviteUrl: string | null;
  /** MAC of `provisionProofParts` under the instance secret. */
  proof: string;
}

export const provisionProofParts = (
  nonce: string,
  answer: Omit<ProvisionAnswer, "proof">,
): readonly string[] => [
  "provision",
  answer.claimId,
  nonce,
  answer.instanceId,
  String(answer.epoch),
  answer.outcome,
  answer.conversationId ?? "",
  answer.inviteUrl ?? "",
];

/** Why a provision was refused; the HTTP status is 4xx and the body a problem document with this `code`. */
export const PROVISION_REFUSALS = [
  "claimed-by-another",
  "invite-invalid",
  "invite-expired",
  "invite-foreign-network",
  "invite-revoked",
  "conversation-full",
  "conversation-locked",
  "not-ready",
  "exploding",
] as const;
export type ProvisionRefusal = (typeof PROVISION_REFUSALS)[number];

/**
 * `POST /pool/invite`: an invite of the conversation's present tag. The one in the claim's answer is dead once somebody has
 * locked the conversation.
 */
export interface InviteRequest {
  /** The claim that the agent serves. */
  claimId: string;
  /** 16–64 hex, fresh for each attempt. */
  nonce: string;
}

export interface InviteAnswer {
  claimId: string;
  instanceId: string;
  epoch: number;
  inviteUrl: string;
  /** MAC of `inviteProofParts` under the instance secret. */
  proof: string;
}

export const inviteProofParts = (nonce: string, answer: Omit<InviteAnswer, "proof">): readonly string[] => [
  "invite",
  answer.claimId,
  nonce,
  answer.instanceId,
  String(answer.epoch),
  answer.inviteUrl,
];

/** Why there is no invite; answered as the refusals of a provision are. */
export const INVITE_REFUSALS = [
  "claimed-by-another",
  "not-claimed",
  "not-ready",
  "exploding",
  "conversation-locked",
  /** The agent lets nobody in: it is a guest of the conversation, or may not add members. */
  "not-the-inviter",
] as const;
export type InviteRefusal = (typeof INVITE_REFUSALS)[number];

/** `POST /pool/explode {reason}` → 202 at once; the agent reports `exploding`, ends its part, reports `exploded`. */
export interface ExplodeRequest {
  /** `member`: an authorised member or the owner said so. `operator` and `expiry` hand over and leave. */
  reason: "member" | "removed" | "operator" | "expiry";
}

/** A part of the agent that has tried again by itself, and that only a new start of the agent mends. */
export const FAULT_PARTS = ["boot", "brain"] as const;
export type FaultPart = (typeof FAULT_PARTS)[number];

export const FAULT_CODES = [
  /** It broke more often than it may. */
  "given-up",
  /** The XMTP database of the stored identity is gone. */
  "database-missing",
  /** The conversation of the stored identity is not in its database. */
  "conversation-missing",
  /** Anything else; the agent's own log names the error. */
  "unexpected",
] as const;
export type FaultCode = (typeof FAULT_CODES)[number];

/** `POST <gateway>/api/instances/:id/events`, Bearer the instance secret. Repeated by the agent until answered 2xx. */
export type AgentEvent = {
  epoch: number;
  /** Rises by one per report of an epoch; a repeated number is taken once. */
  sequence: number;
} & (
  | { kind: "idle"; inboxId: string; conversationId: string }
  | { kind: "joined"; claimId: string; conversationId: string }
  | { kind: "join-refused"; claimId: string; refusal: ProvisionRefusal }
  /** An authorised member has set when the conversation ends, in ms since 1970. The earliest report counts. */
  | { kind: "expiry-set"; expiresAtMs: number }
  | { kind: "exploding"; reason: ExplodeRequest["reason"] }
  | { kind: "exploded"; reason: ExplodeRequest["reason"] }
  | { kind: "fault"; part: FaultPart; code: FaultCode }
);

/** One line of JSON that the compute driver writes to the agent's standard input; then it closes it. */
export interface AgentSecrets {
  /** 64 hex. */
  instanceSecret: string;
  /** The agent's own capped model key. */
  modelKey: string;
  /** 64 hex: encrypts the agent's database and identity file; lost with the instance (crypto-shred). */
  stateKey: string;
  /** Given to an agent that has no platform to ask for it. */
  equipment?: StandaloneEquipment;
}

/** What a standalone agent has at providers beside its model. */
export interface StandaloneEquipment {
  mailbox?: { inboxId: string; key: string };
  walletKey?: string;
}

/** What is not secret comes by environment; the agent's configuration schema documents each. */
export const AGENT_ENVIRONMENT = [
  "INSTANCE_ID",
  "EPOCH",
  "GENERATION",
  "PORT",
  "STATE_DIR",
  "GATEWAY_URL",
  "XMTP_ENV",
  "XMTP_API_URL",
  "MODEL_BASE_URL",
  "MODEL_ID",
  "MODEL_JUDGE_ID",
  "MODEL_VISION_ID",
  "MODEL_FALLBACK_IDS",
  "SEARCH_MODEL_ID",
  "TRANSCRIPTION_MODEL_ID",
  "SPEECH_MODEL_ID",
  "TOP_UP_URL",
  "AGENTMAIL_BASE_URL",
  "BANKR_BASE_URL",
  "PAYMENT_MAX_USD",
  "PAYMENT_DAY_MAX_USD",
  "PUPPETEER_EXECUTABLE_PATH",
  "DEFAULT_AGENT_NAME",
  "CONVERSATION_OWNER",
  "CONVOS_MARKDOWN",
  "GATEWAY_UID",
] as const;

/** The first line an agent prints on standard output once it listens: `{"listening": <port>}`. */
export interface AgentListening {
  listening: number;
}
