import type { ExplodeRequest } from "../../../domain/agent-protocol.ts";
import {
  CONSENT,
  endConversation,
  explodeConversation,
  personsOf,
  type StepFailure,
  takeSteps,
} from "../../convos/index.ts";
import { errorName, type Log } from "../log.ts";
import type { Chat } from "./chat.ts";

const STEP_TIMEOUT_MS = 5_000;

export interface LeaveOptions {
  chat: Chat;
  reason: ExplodeRequest["reason"];
  /** The explosion is our doing, so it is us who must tell the members. */
  initiatedByUs: boolean;
  /** Who the conversation was made for, when that is known. */
  ownerInboxId: string | undefined;
  log: Log;
}

/**
 * Ends our part in the conversation. Exploded by its people: they are told, the others are removed, the room is
 * denied. Ended by an operator or by expiry: a person becomes super admin, if there is one, and we leave; nobody is removed.
 * Each step is bounded and tried whatever became of the one before: the wipe that follows must not wait for a network.
 */
export async function leaveConversation(options: LeaveOptions): Promise<void> {
  const { chat, reason, log } = options;
  if (!chat.group.isActive) return;
  const mayExplode = reason === "member" && chat.group.isSuperAdmin(chat.client.inboxId);
  const failures = mayExplode
    ? await explode(options)
    : await takeSteps(STEP_TIMEOUT_MS, handOverSteps(options));
  for (const { step, error } of failures) log("leave-step-failed", { step, error: errorName(error) });
}

async function explode({ chat, initiatedByUs }: LeaveOptions): Promise<readonly StepFailure<string>[]> {
  const { client, group } = chat;
  const stepTimeoutMs = STEP_TIMEOUT_MS;
  if (!initiatedByUs) return endConversation(group, client, { stepTimeoutMs });
  return (await explodeConversation(group, client, { stepTimeoutMs })).failures;
}

type Step = readonly [name: string, take: () => Promise<void>];

function handOverSteps({ chat, ownerInboxId }: LeaveOptions): readonly Step[] {
  const { client, group } = chat;
  return [
    ["sync", () => group.sync()],
    [
      "hand-over",
      async () => {
        if (!group.isSuperAdmin(client.inboxId)) return;
        const persons = (await personsOf(group))
          .map(({ inboxId }) => inboxId)
          .filter((id) => id !== client.inboxId);
        const superAdmins = group.listSuperAdmins().filter((inboxId) => persons.includes(inboxId));
        const heir = persons.find((inboxId) => inboxId === ownerInboxId) ?? persons[0];
        if (superAdmins.length === 0 && heir !== undefined) await group.addSuperAdmin(heir);
        if (heir !== undefined) await group.removeSuperAdmin(client.inboxId);
      },
    ],
    [
      "leave",
      async () => {
        if ((await group.members()).length > 1) await group.requestRemoval();
      },
    ],
    ["deny", async () => group.updateConsentState(CONSENT.denied)],
  ];
}
