import type { ExplodeRequest } from "../../../domain/agent-protocol.ts";
import { CONSENT, explodeSettingsCodec, sendContent, updateAppData } from "../../convos/index.ts";
import { toUnixSeconds } from "../../convos/time.ts";
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

type Step = readonly [name: string, run: () => Promise<void>];

/**
 * Ends our part in the conversation. Exploded by its people: they are told, the others are removed, the room is
 * denied. Ended by an operator or by expiry: somebody else becomes super admin and we leave; nobody is removed.
 * Each step is bounded and tried whatever became of the one before: the wipe that follows must not wait for a network.
 */
export async function leaveConversation(options: LeaveOptions): Promise<void> {
  const { chat, reason, log } = options;
  if (!chat.group.isActive || reason === "removed") return;
  const isSuperAdmin = chat.group.isSuperAdmin(chat.client.inboxId);
  const steps = reason === "member" && isSuperAdmin ? explodeSteps(options) : handOverSteps(options);
  for (const [name, run] of steps) {
    try {
      await Promise.race([run(), timeOut()]);
    } catch (error) {
      log("leave-step-failed", { step: name, error: errorName(error) });
    }
  }
}

function explodeSteps({ chat, initiatedByUs }: LeaveOptions): readonly Step[] {
  const { client, group } = chat;
  const now = new Date();
  const announce: readonly Step[] = [
    ["announce", async () => void (await sendContent(group, explodeSettingsCodec, { expiresAt: now }))],
    [
      "expiry",
      async () => {
        const expiresAtUnix = toUnixSeconds(now);
        await updateAppData(group, (metadata) => ({ ...metadata, expiresAtUnix }));
      },
    ],
  ];
  return [
    ...(initiatedByUs ? announce : []),
    [
      // A super admin cannot be removed, and one in the list would keep all the others in.
      "demote-others",
      async () => {
        for (const inboxId of group.listSuperAdmins())
          if (inboxId !== client.inboxId) await group.removeSuperAdmin(inboxId);
      },
    ],
    [
      "remove-others",
      async () => {
        const members = (await group.members()).map(({ inboxId }) => inboxId);
        const others = members.filter(
          (inboxId) => inboxId !== client.inboxId && !group.isSuperAdmin(inboxId),
        );
        if (others.length > 0) await group.removeMembers(others);
      },
    ],
    ["deny", async () => group.updateConsentState(CONSENT.denied)],
  ];
}

function handOverSteps({ chat, ownerInboxId }: LeaveOptions): readonly Step[] {
  const { client, group } = chat;
  return [
    ["sync", () => group.sync()],
    [
      "hand-over",
      async () => {
        if (!group.isSuperAdmin(client.inboxId)) return;
        const others = (await group.members())
          .map(({ inboxId }) => inboxId)
          .filter((id) => id !== client.inboxId);
        const superAdmins = group.listSuperAdmins().filter((inboxId) => others.includes(inboxId));
        const heir = others.find((inboxId) => inboxId === ownerInboxId) ?? others[0];
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

async function timeOut(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("the step took too long")), STEP_TIMEOUT_MS);
  timer.unref();
  return promise;
}
