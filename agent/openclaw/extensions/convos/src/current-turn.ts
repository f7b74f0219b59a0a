import type { TurnContent } from "../../../../server/loopback/channel-api.ts";
import type { ChannelClient } from "./channel-client.ts";

/** The turn that is running; the `message` tool sends into it and nowhere else. */
interface CurrentTurn {
  turnId: string;
  client: ChannelClient;
  /** How often this run has sent something. */
  sent: number;
}

let current: CurrentTurn | undefined;

export function beginTurn(turnId: string, client: ChannelClient): void {
  current = { turnId, client, sent: 0 };
}

export function endTurn(): void {
  current = undefined;
}

/**
 * Sends a text, a file or a reaction into the running turn. Its key is its place in this run: a run that is repeated after
 * a crash words things differently, and what has been said in that place before is not said again.
 */
export async function sendInTurn(content: TurnContent): Promise<void> {
  if (!current) throw new Error("there is no turn to send in");
  current.sent += 1;
  await current.client.send(current.turnId, { key: String(current.sent), content });
}
