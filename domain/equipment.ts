import type { Provider, ResourceState } from "./resource-state.ts";

/** When something is made for an agent: before it is handed over, when it is first asked for, or never. */
export const TIMINGS = ["eager", "on-demand", "off"] as const;
export type Timing = (typeof TIMINGS)[number];

export interface EquipmentItem {
  provider: Exclude<Provider, "compute">;
  kind: string;
  /** An agent without it is not handed over; without the others it is, and the skill that needs it is off. */
  required: boolean;
  /** The pool's setting that says when it is made; without one it is made eagerly. */
  timing?: "number" | "wallet";
}

/** What an agent is equipped with beside its process. Of one provider, in the order in which it is made. */
export const EQUIPMENT: readonly EquipmentItem[] = [
  { provider: "openrouter", kind: "model-key", required: true },
  { provider: "agentmail", kind: "mailbox", required: true },
  { provider: "agentmail", kind: "mailbox-key", required: true },
  { provider: "telnyx", kind: "number", required: false, timing: "number" },
  { provider: "bankr", kind: "wallet", required: false, timing: "wallet" },
  { provider: "bankr", kind: "wallet-key", required: false, timing: "wallet" },
];

/** The kinds that come with a secret of their own, and how it is kept. */
export const SECRET_OF: Readonly<Record<string, "model-key" | "mailbox-key" | "wallet-key" | undefined>> = {
  "openrouter/model-key": "model-key",
  "agentmail/mailbox-key": "mailbox-key",
  "bankr/wallet-key": "wallet-key",
};

export interface EquipmentFacts {
  /** The kinds, as `provider/kind`, whose provider this installation has an account with. */
  configured: ReadonlySet<string>;
  timings: Readonly<Record<"number" | "wallet", Timing>>;
  /** What the ledger has of the instance, by `provider/kind`. A row that is only intended was asked for. */
  ledger: ReadonlyMap<string, { state: ResourceState; triedMsAgo: number | undefined }>;
}

export const equipmentKey = ({ provider, kind }: { provider: string; kind: string }): string =>
  `${provider}/${kind}`;

/** What an agent lacks when it has been launched is tried again after this. */
export const RETRY_AFTER_MS = 10 * 60_000;

/** What is to be made now. What was tried in vain within `retryAfterMs` is left for later. */
export function equipmentToMake(facts: EquipmentFacts, retryAfterMs: number): EquipmentItem[] {
  return EQUIPMENT.filter((item) => {
    const key = equipmentKey(item);
    const row = facts.ledger.get(key);
    if (!facts.configured.has(key)) return false;
    if (row && row.state !== "intended" && row.state !== "ambiguous") return false;
    const timing = item.timing === undefined ? "eager" : facts.timings[item.timing];
    if (timing === "off" || (timing === "on-demand" && !row)) return false;
    return row?.triedMsAgo === undefined || row.triedMsAgo >= retryAfterMs;
  });
}
