import { createHash } from "node:crypto";
import type { TurnContent } from "../../../../server/loopback/channel-api.ts";
import type { ChannelClient } from "./channel-client.ts";

/** The turn that is running; the `message` tool sends into it and nowhere else. */
interface CurrentTurn {
  turnId: string;
  client: ChannelClient;
  /** How often each content was sent, so that a deliberate repetition is not taken for a retry. */
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
 * Sends a text, a file or a reaction into the running turn. Its key depends on the content and on how often that was
 * sent in this run, so a run that is repeated after a crash says nothing twice.
 */
export async function sendInTurn(content: TurnContent): Promise<void> {
  if (!current) throw new Error("there is no turn to send in");
  const { turnId, client, sent } = current;
  const digest = createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 32);
  const occurrence = (sent.get(digest) ?? 0) + 1;
  sent.set(digest, occurrence);
  await client.send(turnId, { key: `${digest}-${occurrence}`, content });
}
