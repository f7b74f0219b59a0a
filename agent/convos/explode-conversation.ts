import type { Group } from "@xmtp/node-sdk";
import { updateAppData } from "./app-data/update.ts";
import { explodeSettingsCodec } from "./content-types/explode-settings.ts";
import { sendContent } from "./content-types/send.ts";
import { toUnixSeconds } from "./time.ts";
import { CONSENT } from "./xmtp-values.ts";

export type ExplodeStep = "announce" | "app-data" | "remove-others" | "deny-consent";

export interface ExplodeReport {
  /** The instant that was announced, in whole seconds. */
  readonly expiresAt: Date;
  /** The steps that failed or took too long. The others were taken. */
  readonly failures: readonly { readonly step: ExplodeStep; readonly error: unknown }[];
}

export type ExplodableGroup = Pick<
  Group,
  "id" | "sync" | "send" | "appData" | "updateAppData" | "members" | "removeMembers" | "updateConsentState"
>;

const STEP_TIMEOUT_MS = 20_000;

/**
 * Ends the conversation for everyone: announced while all can still read it, marked in appData, everybody else removed,
 * our consent denied. For super admins. A failing step does not stop the next, and none takes over `stepTimeoutMs`.
 * We remain as the last member, whom XMTP does not let go: afterwards destroy what is stored, and the identity when it
 * served this conversation only.
 */
export async function explodeConversation(
  group: ExplodableGroup,
  own: { readonly inboxId: string },
  {
    now = new Date(),
    stepTimeoutMs = STEP_TIMEOUT_MS,
  }: { readonly now?: Date; readonly stepTimeoutMs?: number } = {},
): Promise<ExplodeReport> {
  const report = await scheduleExplosion(group, now, { stepTimeoutMs });
  const ended = await takeSteps(stepTimeoutMs, [
    ["remove-others", () => removeOthers(group, own.inboxId)],
    ["deny-consent", async () => group.updateConsentState(CONSENT.denied)],
  ]);
  return { ...report, failures: [...report.failures, ...ended] };
}

/** Announces when the conversation will end. At that time `explodeConversation` has to be called. */
export async function scheduleExplosion(
  group: Pick<Group, "id" | "sync" | "send" | "appData" | "updateAppData">,
  at: Date,
  { stepTimeoutMs = STEP_TIMEOUT_MS }: { readonly stepTimeoutMs?: number } = {},
): Promise<ExplodeReport> {
  const expiresAtUnix = toUnixSeconds(at);
  const expiresAt = new Date(expiresAtUnix * 1000);
  const failures = await takeSteps(stepTimeoutMs, [
    ["announce", () => sendContent(group, explodeSettingsCodec, { expiresAt })],
    ["app-data", () => updateAppData(group, (metadata) => ({ ...metadata, expiresAtUnix }))],
  ]);
  return { expiresAt, failures };
}

async function removeOthers(
  group: Pick<Group, "members" | "removeMembers">,
  ownInboxId: string,
): Promise<void> {
  const others = (await group.members())
    .map(({ inboxId }) => inboxId)
    .filter((inboxId) => inboxId !== ownInboxId);
  if (others.length > 0) await group.removeMembers(others);
}

async function takeSteps(
  timeoutMs: number,
  steps: readonly (readonly [ExplodeStep, () => Promise<unknown>])[],
): Promise<{ step: ExplodeStep; error: unknown }[]> {
  const failures: { step: ExplodeStep; error: unknown }[] = [];
  for (const [step, take] of steps) {
    const timeout = Promise.withResolvers<never>();
    const timer = setTimeout(() => timeout.reject(new Error(`${step} took over ${timeoutMs} ms`)), timeoutMs);
    try {
      await Promise.race([take(), timeout.promise]);
    } catch (error) {
      failures.push({ step, error });
    } finally {
      clearTimeout(timer);
    }
  }
  return failures;
}
