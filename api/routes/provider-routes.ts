import type { Gateway } from "../gateway.ts";
import { viewProviders } from "../provider-view.ts";
import { PROBLEMS } from "../schemas/problem.ts";
import { ProviderList } from "../schemas/provider.ts";
import type { Server } from "../server.ts";

/** What operators see of the accounts at the providers. */
export function providerRoutes(server: Server, { registry }: Gateway): void {
  server.get(
    "/api/providers",
    {
      schema: {
        operationId: "listProviders",
        summary: "Show each provider's account: budget, requests, what the ledger has there",
        response: { 200: ProviderList, ...PROBLEMS },
      },
      config: { access: "admin" },
    },
    () => viewProviders(registry),
  );
}
