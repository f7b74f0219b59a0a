import { randomBytes } from "node:crypto";
import { type AgentMailDouble, startAgentMailDouble } from "../../local/doubles/agentmail/server.ts";
import { type BankrDouble, startBankrDouble } from "../../local/doubles/bankr/server.ts";
import type { OpenRouterDouble } from "../../local/doubles/openrouter/server.ts";
import { startTelnyxDouble, type TelnyxDouble } from "../../local/doubles/telnyx/server.ts";

/** The providers of an agent's equipment, beside the models'. */
export interface EquipmentDoubles {
  agentmail: AgentMailDouble;
  telnyx: TelnyxDouble;
  bankr: BankrDouble;
}

export interface Doubles extends EquipmentDoubles {
  openrouter: OpenRouterDouble;
}

/** Large and quick accounts, so that a test meets no limit that it does not ask for. */
const AMPLE = {
  agentmail: { inboxLimit: 10_000, sendSettleMs: 0 },
  telnyx: { orderPendingMs: 0, messagingDelayMs: 0 },
  bankr: { createsPerMinute: 100_000, walletWritesPerMinute: 100_000 },
};

const UNSPARED = { capacity: 1_000, refillPerSecond: 1_000 };
/** A double needs no sparing: with the accounts' own rates nothing but those rates would be measured. */
export const UNSPARED_BUDGETS = {
  "openrouter/requests": UNSPARED,
  "agentmail/requests": UNSPARED,
  "telnyx/requests": UNSPARED,
  "bankr/requests": UNSPARED,
  "bankr/wallet-create": UNSPARED,
  "railway/requests": UNSPARED,
  "railway/project-create": UNSPARED,
};

export async function startEquipmentDoubles(): Promise<EquipmentDoubles & { close(): Promise<void> }> {
  const agentmail = await startAgentMailDouble({ apiKey: `am_${randomBytes(16).toString("hex")}` });
  const telnyx = await startTelnyxDouble({ apiKey: `KEY${randomBytes(16).toString("hex")}` });
  const bankr = await startBankrDouble({ partnerKey: `bk_ptr_test0001_${randomBytes(16).toString("hex")}` });
  const started = { agentmail, telnyx, bankr };
  for (const name of ["agentmail", "telnyx", "bankr"] as const)
    await setUp(started[name].url, name, AMPLE[name]);
  return {
    ...started,
    async close() {
      await Promise.all([agentmail, telnyx, bankr].map((double) => double.close()));
    },
  };
}

/** What the workers are told about these accounts. */
export const equipmentEnvironment = ({
  agentmail,
  telnyx,
  bankr,
}: EquipmentDoubles): Readonly<Record<string, string>> => ({
  AGENTMAIL_BASE_URL: agentmail.url,
  AGENTMAIL_API_KEY: agentmail.apiKey,
  TELNYX_BASE_URL: telnyx.url,
  TELNYX_API_KEY: telnyx.apiKey,
  BANKR_BASE_URL: bankr.url,
  BANKR_PARTNER_KEY: bankr.partnerKey,
});

/** Changes the settings of a double through its control endpoint. */
async function setUp(url: string, name: string, settings: Record<string, unknown>): Promise<void> {
  const response = await fetch(new URL(`/__double/${name}/settings`, url), {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(settings),
  });
  if (!response.ok) throw new Error(`the ${name} double answered ${response.status} to its settings`);
}
