import { mailboxKind } from "../activities/agentmail/mailbox.ts";
import { mailboxKeyKind } from "../activities/agentmail/mailbox-key.ts";
import { BankrPartnerClient } from "../activities/bankr/partner-client.ts";
import { walletKind } from "../activities/bankr/wallet.ts";
import { walletKeyKind } from "../activities/bankr/wallet-key.ts";
import type { OpenRouterClient } from "../activities/openrouter/client.ts";
import { modelKeyKind } from "../activities/openrouter/model-key.ts";
import { budgetOf } from "../activities/rate-limit/budget.ts";
import type { Budgets } from "../activities/rate-limit/budgets.ts";
import {
  AGENTMAIL_BUDGET,
  BANKR_BUDGET,
  BANKR_WALLET_CREATE,
  TELNYX_BUDGET,
} from "../activities/rate-limit/default-budgets.ts";
import { takeOrThrow } from "../activities/rate-limit/take-token.ts";
import type { Registry } from "../activities/registry/registry.ts";
import type { ResourceKind } from "../activities/resources/resource-kind.ts";
import { oneAtATime, wasOurs } from "../activities/telnyx/buying.ts";
import { TelnyxClient } from "../activities/telnyx/client.ts";
import { NumberKind } from "../activities/telnyx/number.ts";
import type { WorkerConfig } from "./config.ts";

/** The kinds of equipment that this installation can make: those of the providers that it has a key for. */
export function equipmentKinds(
  config: WorkerConfig,
  registry: Registry,
  openrouter: OpenRouterClient,
  budgets: Budgets,
): ResourceKind[] {
  const { AGENTMAIL_API_KEY, TELNYX_API_KEY, BANKR_PARTNER_KEY } = config;
  const kinds: ResourceKind[] = [modelKeyKind(openrouter)];
  if (AGENTMAIL_API_KEY !== undefined) {
    const options = {
      baseUrl: config.AGENTMAIL_BASE_URL,
      apiKey: AGENTMAIL_API_KEY,
      fetch: budgets.fetchFor(AGENTMAIL_BUDGET),
    };
    kinds.push(mailboxKind(options), mailboxKeyKind(options));
  }
  if (TELNYX_API_KEY !== undefined) {
    kinds.push(
      new NumberKind({
        client: new TelnyxClient({
          apiKey: TELNYX_API_KEY,
          baseUrl: config.TELNYX_BASE_URL,
          fetch: budgets.fetchFor(TELNYX_BUDGET),
        }),
        profile: {
          name: `${registry.prefix}-${registry.environment}`,
          ...(config.TELNYX_WEBHOOK_URL === undefined ? {} : { webhookUrl: config.TELNYX_WEBHOOK_URL }),
        },
        serialize: oneAtATime(registry),
        isQuarantined: wasOurs(registry),
      }),
    );
  }
  if (BANKR_PARTNER_KEY !== undefined) {
    const { name, rate } = BANKR_WALLET_CREATE;
    const client = new BankrPartnerClient({
      baseUrl: config.BANKR_BASE_URL,
      partnerKey: BANKR_PARTNER_KEY,
      fetch: budgets.fetchFor(BANKR_BUDGET),
      beforeWalletCreate: () => takeOrThrow(registry.db, name, budgets.rateOf(budgetOf(name, rate))),
    });
    kinds.push(walletKind(client), walletKeyKind(client));
  }
  return kinds;
}
