import { createHash } from "node:crypto";
import type { ChannelClient } from "./channel-client.ts";

/** The turn that is running; the `message` tool sends into it and nowhere else. */
interface CurrentTurn {
  turnId: string;
  client: ChannelClient;
  /** How often each text was sent, so that a deliberate repetition is not taken for a retry. */
  sent: Map<string, number>;
}

let current: CurrentTurn | undefined;

export function beginTurn(turnId: string, client: ChannelClient): void {
  current = { turnId, client, sent: new Map() };
}

export function endTurn(): void {
  current = undefined;
}

/**
 * Sends a text into the running turn and returns its key. The key depends on the text and on how often it was
 * sent in this run, so a run that is repeated after a crash says nothing twice.
 */
export async function sendInTurn(text: string): Promise<string> {
  if (!current) throw new Error("there is no turn to send in");
  const { turnId, client, sent } = current;
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 32);
  const occurrence = (sent.get(digest) ?? 0) + 1;
  sent.set(digest, occurrence);
  const key = `${digest}-${occurrence}`;
  await client.send(turnId, { key, text });
  return key;
}
