import { generateKeyPairSync } from "node:crypto";
import { Client, Connection } from "@temporalio/client";
import { AgentClient } from "../../../activities/agent/agent-client.ts";
import { mailboxKind } from "../../../activities/agentmail/mailbox.ts";
import { mailboxKeyKind } from "../../../activities/agentmail/mailbox-key.ts";
import { BankrPartnerClient } from "../../../activities/bankr/partner-client.ts";
import { walletKind } from "../../../activities/bankr/wallet.ts";
import { walletKeyKind } from "../../../activities/bankr/wallet-key.ts";
import { StandInDriver } from "../../../activities/compute/stand-in/stand-in-driver.ts";
import type { Dependencies } from "../../../activities/dependencies.ts";
import { OpenRouterClient } from "../../../activities/openrouter/client.ts";
import { modelKeyKind } from "../../../activities/openrouter/model-key.ts";
import { ReceiptSigner } from "../../../activities/registry/receipt.ts";
import { ResourceCatalogue } from "../../../activities/resources/catalogue.ts";
import { oneAtATime, wasOurs } from "../../../activities/telnyx/buying.ts";
import { TelnyxClient } from "../../../activities/telnyx/client.ts";
import { NumberKind } from "../../../activities/telnyx/number.ts";
import { startOpenRouterDouble } from "../../local/doubles/openrouter/server.ts";
import { startStandInHost } from "../../local/stand-in-agent/host-server.ts";
import { startTestRegistry, type TestRegistry } from "../registry.ts";
import { type Doubles, startEquipmentDoubles } from "./doubles.ts";

/** A client gives up this soon: its own time-outs are of the same kind and 15 s long. */
export const PATIENCE_MS = 800;

const impatientFetch: typeof globalThis.fetch = (input, init) => {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  return fetch(input, {
    ...init,
    signal: init?.signal ? AbortSignal.any([init.signal, patience]) : patience,
  });
};

/** Every kind of resource at its double, over one real registry; nothing comes as far as Temporal. */
export interface ProviderWorld extends AsyncDisposable {
  test: TestRegistry;
  doubles: Doubles;
  deps: Dependencies;
}

export async function startProviderWorld(): Promise<ProviderWorld> {
  const test = await startTestRegistry();
  const host = await startStandInHost();
  const openrouter = await startOpenRouterDouble();
  const equipment = await startEquipmentDoubles();
  const { agentmail, telnyx, bankr } = equipment;
  const connection = Connection.lazy({ address: "127.0.0.1:9" });
  const client = new OpenRouterClient({
    baseUrl: openrouter.url,
    managementKey: openrouter.managementKey,
    fetch: impatientFetch,
  });
  const mail = { baseUrl: agentmail.url, apiKey: agentmail.apiKey, fetch: impatientFetch };
  const partner = new BankrPartnerClient({
    baseUrl: bankr.url,
    partnerKey: bankr.partnerKey,
    fetch: impatientFetch,
  });
  const numbers = new NumberKind({
    client: new TelnyxClient({ apiKey: telnyx.apiKey, baseUrl: telnyx.url, fetch: impatientFetch }),
    profile: { name: "cv-test" },
    serialize: oneAtATime(test.registry),
    isQuarantined: wasOurs(test.registry),
    waits: { pollMs: 20 },
  });
  const { privateKey } = generateKeyPairSync("ed25519");
  return {
    test,
    doubles: { openrouter, agentmail, telnyx, bankr },
    deps: {
      registry: test.registry,
      temporal: new Client({ connection }),
      compute: new StandInDriver({ hostUrl: host.url }),
      agents: new AgentClient(),
      openrouter: client,
      resources: new ResourceCatalogue([
        modelKeyKind(client),
        mailboxKind(mail),
        mailboxKeyKind(mail),
        numbers,
        walletKind(partner),
        walletKeyKind(partner),
      ]),
      receipts: new ReceiptSigner(privateKey.export({ format: "der", type: "pkcs8" })),
      retention: { backupHours: 0, historyHours: 24 },
      agentEnvironment: {},
      quarantineMs: 0,
    },
    async [Symbol.asyncDispose]() {
      await connection.close();
      await equipment.close();
      await openrouter.close();
      await host.close();
      await test[Symbol.asyncDispose]();
    },
  };
}
