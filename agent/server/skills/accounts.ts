import type { Mailbox } from "../../skills/agentmail/index.ts";
import type { WalletAccess } from "../../skills/bankr/index.ts";
import { ToolError } from "../../skills/kit/tool-error.ts";
import type { NumberState } from "../../skills/telnyx-cli/index.ts";
import type { SmsAccess } from "../../skills/telnyx-cli/telnyx.ts";
import type { AgentConfig } from "../config.ts";
import type { Equipment } from "./equipment.ts";

const COMING = "It is still being made; it takes a minute or two. Try again then.";

const LATER = "It is made when somebody needs it.";

/** How the skills reach the agent's own accounts. All of them reject while the platform does not say. */
export interface Accounts {
  /** Undefined: there is none. Rejects with ToolError while it is being made. */
  mailbox(): Promise<Mailbox | undefined>;
  number(): Promise<NumberState>;
  requestNumber(): Promise<void>;
  /** Through the platform's broker; undefined without a number. */
  sms(): Promise<SmsAccess | undefined>;
  wallet(): Promise<WalletAccess | undefined>;
}

export function createAccounts(
  equipment: Equipment,
  config: Pick<AgentConfig, "gatewayUrl" | "instanceId" | "bankrBaseUrl">,
  instanceSecret: string,
  isClaimed: () => boolean,
): Accounts {
  const { gatewayUrl, instanceId } = config;
  const broker = gatewayUrl && `${gatewayUrl}/broker/${encodeURIComponent(instanceId)}`;

  const number = async (): Promise<NumberState> => {
    const { status, externalId } = await equipment.get("telnyx/number");
    if (status !== "ready") return { state: status };
    return externalId === undefined ? { state: "coming" } : { state: "ready", e164: externalId };
  };
  return {
    number,
    requestNumber: () => equipment.request("number"),
    mailbox: async () => {
      const [inbox, key] = await Promise.all([
        equipment.get("agentmail/mailbox"),
        equipment.get("agentmail/mailbox-key"),
      ]);
      if (inbox.status === "off" || key.status === "off") return undefined;
      if (inbox.externalId === undefined || key.secret === undefined) throw new ToolError(COMING);
      return { inboxId: inbox.externalId, key: key.secret };
    },
    sms: async () => {
      const own = await number();
      if (own.state !== "ready" || broker === undefined) return undefined;
      return { baseUrl: `${broker}/telnyx/v2`, token: instanceSecret, number: own.e164 };
    },
    wallet: async () => {
      const key = await equipment.get("bankr/wallet-key");
      if (key.secret !== undefined)
        return { baseUrl: config.bankrBaseUrl, headers: { "x-api-key": key.secret } };
      if (key.status === "on-demand") {
        // Nobody needs one yet, who only asks whether there could be one.
        if (!isClaimed()) throw new ToolError(LATER);
        await equipment.request("wallet");
      }
      if (key.status !== "off") throw new ToolError(COMING);
      // A key that was made by hand stays with the platform, whose broker says whether there is one.
      return broker && (await hasWallet(broker, instanceSecret))
        ? brokered(broker, instanceSecret)
        : undefined;
    },
  };
}

const PROBE_TIMEOUT_MS = 10_000;

const brokered = (broker: string, instanceSecret: string): WalletAccess => ({
  baseUrl: `${broker}/bankr`,
  headers: { authorization: `Bearer ${instanceSecret}` },
});

async function hasWallet(broker: string, instanceSecret: string): Promise<boolean> {
  const { baseUrl, headers } = brokered(broker, instanceSecret);
  const answer = await fetch(`${baseUrl}/wallet/me`, {
    headers,
    redirect: "error",
    signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
  });
  await answer.body?.cancel();
  if (answer.status >= 500 || answer.status === 429)
    throw new Error(`the platform answered ${answer.status}`);
  return answer.ok;
}
