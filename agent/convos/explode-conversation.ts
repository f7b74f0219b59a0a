import { setTimeout as delay } from "node:timers/promises";
import type { Group } from "@xmtp/node-sdk";
import { type AppDataGroup, updateAppData } from "./app-data/update.ts";
import { explodeSettingsCodec } from "./content-types/explode-settings.ts";
import { sendContent } from "./content-types/send.ts";
import { type StepFailure, takeSteps } from "./steps.ts";
import { toUnixSeconds } from "./time.ts";
import { CONSENT } from "./xmtp-values.ts";

export type ExplodeStep = "announce" | "app-data" | "demote-others" | "remove-others" | "deny-consent";

export interface ExplodeReport {
  /** The instant that was announced, in whole seconds. */
  readonly expiresAt: Date;
  /** The steps that failed or took too long. The others were taken. */
  readonly failures: readonly StepFailure<ExplodeStep>[];
}

type EndableGroup = Pick<
  Group,
  | "sync"
  | "isActive"
  | "members"
  | "isSuperAdmin"
  | "listSuperAdmins"
  | "removeSuperAdmin"
  | "removeMembers"
  | "updateConsentState"
>;

export type ExplodableGroup = AppDataGroup & Pick<Group, "send"> & EndableGroup;

interface ExplodeOptions {
  readonly stepTimeoutMs?: number;
}

type Step = readonly [ExplodeStep, () => Promise<unknown>];

const STEP_TIMEOUT_MS = 20_000;
const REMOVAL_WAIT_MS = 4_000;
const POLL_MS = 100;

/**
 * Ends the conversation for everyone: announced while all can still read it and have the right to, marked in appData,
 * the other super admins demoted, everybody else removed, our consent denied. For super admins. A failing step does not
 * stop the next, and none takes over `stepTimeoutMs`. Another super admin may do the same at the same time: whoever
 * is removed by it has nothing left to do, which is no failure.
 * The last member is not let go by XMTP: afterwards destroy what is stored, and the identity when it served this
 * conversation only.
 */
export async function explodeConversation(
  group: ExplodableGroup,
  own: { readonly inboxId: string },
  { now = new Date(), ...options }: ExplodeOptions & { readonly now?: Date } = {},
): Promise<ExplodeReport> {
  const report = await scheduleExplosion(group, now, options);
  const ended = await endConversation(group, own, options);
  const isHeard = report.failures.every(({ step }) => step !== "announce");
  // Told of the end, another super admin may have removed us before the mark was set, as it sets it itself.
  const announced = isHeard && !group.isActive ? [] : report.failures;
  return { ...report, failures: [...announced, ...ended] };
}

/** Announces when the conversation will end. At that time `explodeConversation` has to be called. */
export async function scheduleExplosion(
  group: AppDataGroup & Pick<Group, "send">,
  at: Date,
  { stepTimeoutMs = STEP_TIMEOUT_MS }: ExplodeOptions = {},
): Promise<ExplodeReport> {
  const expiresAtUnix = toUnixSeconds(at);
  const expiresAt = new Date(expiresAtUnix * 1000);
  const failures = await takeSteps<ExplodeStep>(stepTimeoutMs, [
    ["announce", () => sendContent(group, explodeSettingsCodec, { expiresAt })],
    ["app-data", () => updateAppData(group, (metadata) => ({ ...metadata, expiresAtUnix }))],
  ]);
  return { expiresAt, failures };
}

/** The part of `explodeConversation` behind the announcement, for an end that somebody else has announced. */
export async function endConversation(
  group: EndableGroup,
  { inboxId }: { readonly inboxId: string },
  { stepTimeoutMs = STEP_TIMEOUT_MS }: ExplodeOptions = {},
): Promise<StepFailure<ExplodeStep>[]> {
  const take = (steps: readonly Step[]) => takeSteps(stepTimeoutMs, steps);
  const refused = await take([
    ["demote-others", async () => group.isActive && demoteOthers(group, inboxId)],
    ["remove-others", async () => group.isActive && removeOthers(group, inboxId)],
  ]);
  const kept = refused.length > 0 ? await take([["remove-others", () => awaitRemoval(group, inboxId)]]) : [];
  const denied = await take([["deny-consent", async () => group.updateConsentState(CONSENT.denied)]]);
  return [...(kept.length > 0 ? refused : []), ...denied];
}

/** XMTP lets nobody remove a super admin, and one in the list would keep all the others in. */
async function demoteOthers(group: EndableGroup, ownInboxId: string): Promise<void> {
  await group.sync();
  for (const inboxId of group.listSuperAdmins())
    if (inboxId !== ownInboxId) await group.removeSuperAdmin(inboxId);
}

async function removeOthers(group: EndableGroup, ownInboxId: string): Promise<void> {
  await group.sync();
  const others = (await group.members()).map(({ inboxId }) => inboxId).filter((id) => id !== ownInboxId);
  const removable = others.filter((inboxId) => !group.isSuperAdmin(inboxId));
  if (removable.length > 0) await group.removeMembers(removable);
  if (removable.length < others.length) throw new Error("a super admin cannot be removed");
}

/**
 * Resolves when another super admin, who ends the conversation too, has removed us: what it refused us is then done.
 * Between our demotion and our removal there are moments, which are waited out.
 */
async function awaitRemoval(group: EndableGroup, ownInboxId: string): Promise<void> {
  const deadline = Date.now() + REMOVAL_WAIT_MS;
  for (;;) {
    // The sync that learns of the removal may itself fail by it.
    await group.sync().catch(() => undefined);
    if (!group.isActive) return;
    if (group.isSuperAdmin(ownInboxId) || Date.now() > deadline) throw new Error("we are still a member");
    await delay(POLL_MS);
  }
}
