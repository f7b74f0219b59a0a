import { deliverInbound } from "../../activities/inbound/deliver.ts";
import {
  countDrops,
  findRecipient,
  type Recipient,
  storeInbound,
} from "../../activities/registry/inbound.ts";
import type { DropReason, InboundItem } from "../../domain/inbound.ts";
import type { Gateway } from "../gateway.ts";

interface Arrived {
  provider: "telnyx" | "agentmail";
  eventId: string;
  /** The numbers or addresses that it was sent to. */
  to: readonly string[];
  item: InboundItem;
}

const MAX_RECIPIENTS = 10;

/** Keeps what came for the agent that has the address and tells it; what cannot be kept is only counted. */
export async function takeIn(gateway: Gateway, { provider, to, ...arrived }: Arrived): Promise<void> {
  const { registry, background } = gateway;
  const drop = (reason: DropReason): Promise<void> => countDrops(registry.db, provider, reason);
  const recipient = await recipientAmong(gateway, provider, to);
  if (recipient.id === undefined) return drop(recipient.reason);
  const { id } = recipient;
  const outcome = await storeInbound(registry, id, { provider, ...arrived });
  if (outcome === "unclaimed" || outcome === "full") return drop(outcome);
  if (outcome === "stored")
    background.run("inbound-notify", { instance: id }, () => deliverInbound(gateway, id));
}

async function recipientAmong(
  { registry }: Gateway,
  provider: Arrived["provider"],
  addresses: readonly string[],
): Promise<Recipient> {
  let best: Recipient = { reason: "unknown-recipient" };
  for (const address of addresses.slice(0, MAX_RECIPIENTS)) {
    const found = await findRecipient(registry, provider, address);
    if (found.id !== undefined) return found;
    if (found.reason === "unclaimed") best = found;
  }
  return best;
}
