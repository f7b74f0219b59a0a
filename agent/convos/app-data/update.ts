import { setTimeout as delay } from "node:timers/promises";
import type { Group } from "@xmtp/node-sdk";
import { KeyedMutex } from "../keyed-mutex.ts";
import type { ConversationMetadata } from "./metadata.ts";
import { decodeAppData, encodeAppData } from "./text.ts";

/** What is needed of an XMTP group to change its appData. */
export type AppDataGroup = Pick<Group, "id" | "sync" | "appData" | "updateAppData">;

/**
 * unreadable    the present value is not a Convos value and would be lost
 * clears-tag    the change would leave a written group without its invite tag
 * not-written   after all attempts the group does not hold the change
 */
export type AppDataFailure = "unreadable" | "clears-tag" | "not-written";

export class AppDataUpdateError extends Error {
  readonly reason: AppDataFailure;
  constructor(reason: AppDataFailure, options?: ErrorOptions) {
    super(`appData was not updated: ${reason}`, options);
    this.name = "AppDataUpdateError";
    this.reason = reason;
  }
}

const RETRY_DELAYS_MS = [50, 100] as const;
const mutex = new KeyedMutex();

/**
 * Read-modify-write of a group's appData, one at a time per group in this process, written anew when another
 * member's write came between. `mutate` may run several times: it must depend on its argument only.
 * Fields that this library does not know survive. Returns what the group holds afterwards.
 * Throws an AppDataUpdateError or, before anything was sent, an AppDataTooLargeError.
 */
export function updateAppData(
  group: AppDataGroup,
  mutate: (metadata: ConversationMetadata) => ConversationMetadata,
): Promise<ConversationMetadata> {
  return mutex.run(group.id, () => writeAndVerify(group, mutate));
}

async function writeAndVerify(
  group: AppDataGroup,
  mutate: (metadata: ConversationMetadata) => ConversationMetadata,
): Promise<ConversationMetadata> {
  let failure: unknown;
  for (let attempt = 0; attempt <= RETRY_DELAYS_MS.length; attempt += 1) {
    await group.sync();
    const change = plan(group.appData, mutate);
    if (change.text === undefined) return change.metadata;
    if (attempt > 0) await delay(RETRY_DELAYS_MS[attempt - 1]);
    try {
      await group.updateAppData(change.text);
      failure = undefined;
    } catch (error) {
      failure = error;
    }
  }
  await group.sync();
  const last = plan(group.appData, mutate);
  if (last.text === undefined) return last.metadata;
  throw new AppDataUpdateError("not-written", { cause: failure });
}

/** `text` is what has to be written, or undefined when the group already holds the change. */
function plan(
  appData: string,
  mutate: (metadata: ConversationMetadata) => ConversationMetadata,
): { metadata: ConversationMetadata; text: string | undefined } {
  const current = decodeAppData(appData);
  if (current === undefined || (appData !== "" && current.tag === ""))
    throw new AppDataUpdateError("unreadable");
  const metadata = mutate(current);
  if (current.tag !== "" && metadata.tag === "") throw new AppDataUpdateError("clears-tag");
  const text = encodeAppData(metadata);
  return { metadata, text: text === encodeAppData(current) ? undefined : text };
}
