import { type AgentMailDouble, startAgentMailDouble } from "../../local/doubles/agentmail/server.ts";
import { type BankrDouble, startBankrDouble } from "../../local/doubles/bankr/server.ts";
import { type OpenRouterDouble, startOpenRouterDouble } from "../../local/doubles/openrouter/server.ts";
import { startTelnyxDouble, type TelnyxDouble } from "../../local/doubles/telnyx/server.ts";

/** The providers of an agent's equipment. */
export interface Doubles {
  openrouter: OpenRouterDouble;
  agentmail: AgentMailDouble;
  telnyx: TelnyxDouble;
  bankr: BankrDouble;
  close(): Promise<void>;
}

/** Large and quick accounts, so that a test meets no limit that it does not ask for. */
export const AGENTMAIL_AMPLE = { inboxLimit: 10_000, sendSettleMs: 0 };
export const TELNYX_AMPLE = { orderPendingMs: 0, messagingDelayMs: 0 };
export const BANKR_AMPLE = { createsPerMinute: 100_000, walletWritesPerMinute: 100_000 };

export async function startDoubles(): Promise<Doubles> {
  const openrouter = await startOpenRouterDouble();
  const agentmail = await startAgentMailDouble();
  const telnyx = await startTelnyxDouble();
  const bankr = await startBankrDouble();
  await setUp(agentmail.url, "agentmail", AGENTMAIL_AMPLE);
  await setUp(telnyx.url, "telnyx", TELNYX_AMPLE);
  await setUp(bankr.url, "bankr", BANKR_AMPLE);
  return {
    openrouter,
    agentmail,
    telnyx,
    bankr,
    async close() {
      await Promise.all([openrouter, agentmail, telnyx, bankr].map((double) => double.close()));
    },
  };
}

/** Changes the settings of a double through its control endpoint. */
export async function setUp(url: string, name: string, settings: Record<string, unknown>): Promise<void> {
  const response = await fetch(new URL(`/__double/${name}/settings`, url), {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(settings),
  });
  if (!response.ok) throw new Error(`the ${name} double answered ${response.status} to its settings`);
}
