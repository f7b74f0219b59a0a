import { describe, expect, it } from "vitest";
import { createInvite } from "../invite/create.ts";
import { hex, vectors } from "../testdata/vectors.ts";
import {
  type EvaluateJoinRequestInput,
  evaluateJoinRequest,
  type JoinTarget,
  MEMBERS_MAX,
} from "./evaluate.ts";

const privateKey = hex(vectors.keys[0]?.privateKey ?? "");
const inboxId = vectors.tokens[0]?.creatorInboxId ?? "";
const groupId = "c33e97dc46ebcee38e38adb9ed1e3711";
const joiner = "ab".repeat(32);
const now = new Date("2026-06-11T10:20:30Z");
const past = new Date("2026-06-11T10:20:00Z");

const target: JoinTarget = {
  kind: "group",
  isDenied: false,
  isActive: true,
  right: "open",
  tag: "ccpfXDRHZv",
  memberInboxIds: [inboxId],
};

type Invitation = Partial<Parameters<typeof createInvite>[0]>;
type Circumstances = Partial<Omit<EvaluateJoinRequestInput, "findTarget">> & {
  target?: Partial<JoinTarget> | null;
};

async function decide(invitation: Invitation, circumstances: Circumstances = {}): Promise<string> {
  const { slug } = createInvite({
    privateKey,
    inboxId,
    groupId,
    tag: target.tag,
    env: "local",
    ...invitation,
  });
  const { target: found, ...rest } = circumstances;
  const decision = await evaluateJoinRequest({
    slug,
    senderInboxId: joiner,
    inviter: { inboxId, privateKey },
    now,
    isHandled: () => false,
    isInviteUsed: () => false,
    findTarget: async (id) => (found === null || id !== groupId ? undefined : { ...target, ...found }),
    ...rest,
  });
  if (decision.action === "ignore") return `ignore ${decision.reason}`;
  return decision.action === "refuse" ? `refuse ${decision.errorType}: ${decision.reason}` : decision.action;
}

const others = "cd".repeat(32);
const crowd = (size: number): string[] =>
  Array.from({ length: size }, (_, index) => index.toString(16).padStart(64, "0"));
const expired = { expiresAt: past };
const ended = { conversationExpiresAt: past };

/** Each row also fails every check below it that it can: the first check that applies decides. */
const rows: [what: string, decision: string, invitation: Invitation, circumstances?: Circumstances][] = [
  ["text that is no slug", "ignore not-a-slug", {}, { slug: "hello there", isHandled: () => true }],
  ["a request dealt with", "ignore already-handled", expired, { isHandled: () => true }],
  ["an expired invite", "ignore invite-expired", { ...expired, inboxId: others }],
  [
    "somebody else's invite",
    "ignore other-inviter",
    { ...ended, inboxId: others, privateKey: hex("11".repeat(32)) },
  ],
  ["a forged invite", "block", { ...ended, privateKey: hex("11".repeat(32)) }],
  ["an ended conversation", "refuse conversation_expired: conversation expired", ended, { target: null }],
  ["an unknown group", "refuse conversation_not_found: conversation not found", {}, { target: null }],
  [
    "a group left behind",
    "refuse consent_not_allowed: the inviter left the conversation",
    {},
    { target: { isDenied: true, kind: "dm" } },
  ],
  ["a DM", "refuse generic_failure: not a group", {}, { target: { kind: "dm", isActive: false } }],
  [
    "a group that we were removed from",
    "refuse conversation_not_found: the inviter is no longer a member",
    {},
    { target: { isActive: false, memberInboxIds: [joiner] } },
  ],
  ["a member", "confirm", {}, { target: { memberInboxIds: [joiner], tag: "other", right: "locked" } }],
  [
    "a revoked invite",
    "refuse conversation_expired: invite revoked",
    {},
    { target: { tag: "other", right: "locked" } },
  ],
  ["a group without a tag", "refuse conversation_expired: invite revoked", {}, { target: { tag: "" } }],
  [
    "a used invite",
    "refuse generic_failure: invite already used",
    { expiresAfterUse: true },
    { isInviteUsed: () => true, target: { right: "locked" } },
  ],
  ["a used invite for many", "admit", {}, { isInviteUsed: () => true }],
  [
    "a locked group",
    "refuse generic_failure: the conversation is locked",
    {},
    { target: { right: "locked", memberInboxIds: crowd(MEMBERS_MAX) } },
  ],
  [
    "a group of admins",
    "refuse generic_failure: the inviter may not add members",
    {},
    { target: { right: "not-allowed", memberInboxIds: crowd(MEMBERS_MAX) } },
  ],
  [
    "a full group",
    "refuse generic_failure: the conversation is full",
    {},
    { target: { memberInboxIds: crowd(MEMBERS_MAX) } },
  ],
  [
    "the last one for whom there is room",
    "admit",
    {},
    { target: { memberInboxIds: crowd(MEMBERS_MAX - 1) } },
  ],
  ["a good request", "admit", {}],
];

describe("evaluateJoinRequest", () => {
  it.each(rows)("%s → %s", async (_what, decision, invitation, circumstances) => {
    expect(await decide(invitation, circumstances)).toBe(decision);
  });

  it("cannot read a token that our key sealed for another inbox", async () => {
    const negative = vectors.negativeInvites.find(({ id }) => id === "N13");
    expect(await decide({}, { slug: negative?.slug ?? "" })).toBe("ignore unreadable-token");
  });
});
