import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { EnvFile } from "./env-file.ts";
import { ensureInbox, ensureInboxKey } from "./providers/agentmail.ts";
import { ensureModelKey } from "./providers/openrouter.ts";
import type { Account } from "./providers/request.ts";
import { ensureProfile, findNumber, orderNumber, settleNumber } from "./providers/telnyx.ts";

const ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
const ID_CHARS = 12;
const KEY_BYTES = 32;
/** For this long after an order its number may not be in the lists yet. */
const ORDER_SETTLE_MS = 60_000;
const ORDER_POLL_MS = 1_000;

/** Everything that is made for one agent at the providers carries this name, by which it is found again. */
export const resourceName = (instanceId: string): string => `convos-standalone-${instanceId}`;

/** Identity and keys of the agent itself; what is there stays. Returns the instance's id, `given` where there is one. */
export function provisionIdentity(file: EnvFile, given: string | undefined): string {
  const { INSTANCE_ID, INSTANCE_SECRET, STATE_KEY } = file.values;
  const instanceId = given ?? newInstanceId();
  const missing = {
    ...(INSTANCE_ID === undefined && { INSTANCE_ID: instanceId }),
    ...(INSTANCE_SECRET === undefined && { INSTANCE_SECRET: newKey() }),
    ...(STATE_KEY === undefined && { STATE_KEY: newKey() }),
  };
  if (Object.keys(missing).length > 0) file.set(missing);
  return instanceId;
}

const newInstanceId = (): string =>
  Array.from({ length: ID_CHARS }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]).join("");
const newKey = (): string => randomBytes(KEY_BYTES).toString("hex");

export async function provisionModelKey(
  file: EnvFile,
  account: Account,
  instanceId: string,
  limitUsd: number,
): Promise<void> {
  const { MODEL_KEY: secret, MODEL_KEY_HASH: hash } = file.values;
  const known = secret !== undefined && hash !== undefined ? { secret, hash } : undefined;
  const key = await ensureModelKey(account, { name: resourceName(instanceId), limitUsd, known });
  if (key !== known) file.set({ MODEL_KEY: key.secret, MODEL_KEY_HASH: key.hash });
}

export async function provisionMail(file: EnvFile, account: Account, instanceId: string): Promise<void> {
  const name = resourceName(instanceId);
  const inboxId = await ensureInbox(account, name, instanceId);
  const { AGENTMAIL_INBOX_KEY_ID: id, AGENTMAIL_INBOX_KEY: secret } = file.values;
  const known = id !== undefined && secret !== undefined ? { id, secret } : undefined;
  const key = await ensureInboxKey(account, { inboxId, name, known });
  if (key === known && file.values.AGENTMAIL_INBOX === inboxId) return;
  file.set({
    AGENTMAIL_INBOX: inboxId,
    AGENTMAIL_INBOX_KEY: key.secret,
    AGENTMAIL_INBOX_KEY_ID: key.id,
  });
}

/**
 * An order has no name that would keep it from being placed twice: that one was begun is on disk before it is, and
 * another is only placed when nothing of it has come to light for a minute.
 */
export async function provisionNumber(
  file: EnvFile,
  account: Account,
  instanceId: string,
  settleMs = ORDER_SETTLE_MS,
): Promise<void> {
  const name = resourceName(instanceId);
  const profileId = await ensureProfile(account, name);
  let phoneNumber = await findNumber(account, name);
  const begunAtMs = Date.parse(file.values.TELNYX_ORDER_STARTED_AT ?? "");
  while (phoneNumber === undefined && Date.now() < begunAtMs + settleMs) {
    await sleep(ORDER_POLL_MS);
    phoneNumber = await findNumber(account, name);
  }
  if (phoneNumber === undefined) {
    file.set({ TELNYX_ORDER_STARTED_AT: new Date().toISOString() });
    phoneNumber = await orderNumber(account, name, profileId);
  }
  await settleNumber(account, phoneNumber, profileId);
  file.set({
    TELNYX_MESSAGING_PROFILE_ID: profileId,
    TELNYX_PHONE_NUMBER: phoneNumber,
    TELNYX_ORDER_STARTED_AT: undefined,
  });
}
