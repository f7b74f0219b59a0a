import {
  admissionRight,
  createInvite,
  type InviteNetwork,
  isLocked,
  lockGroup,
  POLICY,
  readTag,
  takeSteps,
  unlockGroup,
} from "../../convos/index.ts";
import { KeyedMutex } from "../../convos/keyed-mutex.ts";
import { errorName, type Log } from "../log.ts";
import type { Facts } from "../state/facts.ts";
import type { Chat } from "./chat.ts";

/** Shorter than the platform waits for an answer (5 s). */
const SYNC_TIMEOUT_MS = 4_000;
const LOCK_TIMEOUT_MS = 20_000;

export interface RoomView {
  conversationId: string;
  /** The agent's own, of the identity that is a member. */
  inboxId: string;
  isLocked: boolean;
  /** The agent among them. */
  memberCount: number;
  /** When the conversation is going to explode. */
  expiresAt: Date | undefined;
}

export type InviteOutcome =
  | { inviteUrl: string }
  | { refusal: "conversation-locked" | "not-the-inviter" | "network-unavailable" };

export type LockOutcome =
  | { isLocked: boolean; inviteUrl: string | null }
  | { refusal: "not-a-super-admin" | "network-unavailable" };

/** The claim's conversation as whoever runs the agent may see it: who is let in, never what is said. */
export interface Room {
  /** What is known without asking the network. */
  view(): Promise<RoomView>;
  /** Signs an invite of the present tag. It may be used as often as people like, until the tag changes. */
  invite(): Promise<InviteOutcome>;
  /**
   * Locks and so kills every invite, or unlocks under yet another tag and invites anew. An open room that is to be open
   * keeps its tag; a locked one that is to be locked gets another, because the lock may have been left half done. What
   * the agent has locked is opened for those who could add members before. One request after another.
   */
  setLocked(locked: boolean): Promise<LockOutcome>;
}

/** The room, or why there is none to be had. */
export type RoomLookup = { room: Room } | { refusal: "not-claimed" | "not-ready" | "exploding" };

export interface RoomOptions {
  chat: Chat;
  /** The agent made the conversation: its inbox is the one that answers join requests. */
  isOwn: boolean;
  privateKey: string;
  env: InviteNetwork;
  /** What an invite shows. */
  agentName: string;
  profileImage: string | undefined;
  /** When the conversation is going to explode. */
  expiresAt: Date | undefined;
  facts: Facts;
  log: Log;
}

/** Two changes at once would each answer with what the other is about to change. */
const locking = new KeyedMutex();
/** Who may add members to an open group. */
const OPEN_POLICIES = [POLICY.allow, POLICY.admin, POLICY.superAdmin] as const;

export function createRoom(options: RoomOptions): Room {
  const { chat, facts, log } = options;
  const { client, group } = chat;

  const succeeds = async (
    name: string,
    timeoutMs: number,
    step: () => Promise<unknown>,
  ): Promise<boolean> => {
    const failures = await takeSteps(timeoutMs, [[name, step]]);
    for (const { error } of failures) log("room-step-failed", { step: name, error: errorName(error) });
    return failures.length === 0;
  };
  const isSynced = (): Promise<boolean> => succeeds("sync", SYNC_TIMEOUT_MS, () => group.sync());
  const inviteNow = (): InviteOutcome => {
    if (!options.isOwn) return { refusal: "not-the-inviter" };
    const right = admissionRight(group, client.inboxId);
    if (right === "locked") return { refusal: "conversation-locked" };
    const tag = readTag(group.appData);
    if (right === "not-allowed" || tag === "") return { refusal: "not-the-inviter" };
    const { url } = createInvite({
      privateKey: options.privateKey,
      inboxId: client.inboxId,
      groupId: group.id,
      tag,
      env: options.env,
      name: options.agentName,
      imageUrl: options.profileImage,
      conversationExpiresAt: options.expiresAt,
    });
    return { inviteUrl: url };
  };

  const lock = async (): Promise<void> => {
    const { addMemberPolicy } = group.permissions().policySet;
    if (!isLocked(group)) facts.set("policy-before-lock", String(addMemberPolicy));
    await lockGroup(group);
  };
  const unlock = async (): Promise<void> => {
    const before = facts.get("policy-before-lock");
    await unlockGroup(group, OPEN_POLICIES.find((policy) => String(policy) === before) ?? POLICY.allow);
    facts.clear("policy-before-lock");
  };
  const setLocked = async (locked: boolean): Promise<LockOutcome> => {
    if (!(await isSynced())) return { refusal: "network-unavailable" };
    if (!group.isSuperAdmin(client.inboxId)) return { refusal: "not-a-super-admin" };
    const isDone = locked
      ? await succeeds("lock", LOCK_TIMEOUT_MS, lock)
      : !isLocked(group) || (await succeeds("unlock", LOCK_TIMEOUT_MS, unlock));
    if (!isDone) return { refusal: "network-unavailable" };
    const outcome = inviteNow();
    return { isLocked: isLocked(group), inviteUrl: "inviteUrl" in outcome ? outcome.inviteUrl : null };
  };

  return {
    view: async () => ({
      conversationId: group.id,
      inboxId: client.inboxId,
      isLocked: isLocked(group),
      memberCount: (await group.members()).length,
      expiresAt: options.expiresAt,
    }),
    invite: async () => ((await isSynced()) ? inviteNow() : { refusal: "network-unavailable" }),
    setLocked: (locked) => locking.run(group.id, () => setLocked(locked)),
  };
}
