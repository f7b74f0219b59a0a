import type { Client } from "@temporalio/client";
import type { AgentClient } from "./agent/agent-client.ts";
import type { ComputeDriver } from "./compute/driver.ts";
import type { OpenRouterClient } from "./openrouter/client.ts";
import type { ReceiptSigner, Retention } from "./registry/receipt.ts";
import type { Registry } from "./registry/registry.ts";
import type { ResourceCatalogue } from "./resources/catalogue.ts";

/** What the activities work with; made once by the worker. */
export interface Dependencies {
  registry: Registry;
  temporal: Client;
  compute: ComputeDriver;
  agents: AgentClient;
  openrouter: OpenRouterClient;
  /** What can be made for an agent beside its process. */
  resources: ResourceCatalogue;
  receipts: ReceiptSigner;
  retention: Retention;
  /** Environment of every agent's process, without what belongs to one instance. */
  agentEnvironment: Readonly<Record<string, string>>;
  /** How long a quarantined instance is kept for an operator to look at. At most 24 hours. */
  quarantineMs: number;
}
