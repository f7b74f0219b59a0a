import type { PayloadCodec } from "@temporalio/common";
import type { AgentClient } from "../activities/agent/agent-client.ts";
import type { Registry } from "../activities/registry/registry.ts";
import type { Background } from "./background.ts";
import type { ClaimAnswers } from "./claim-answers.ts";
import type { GatewayConfig } from "./config.ts";
import type { Log } from "./log.ts";
import type { Records } from "./records.ts";
import type { Workflows } from "./workflows.ts";

/** What the routes work with. */
export interface Gateway {
  readonly config: GatewayConfig;
  readonly registry: Registry;
  readonly codec: PayloadCodec;
  readonly agents: AgentClient;
  readonly workflows: Workflows;
  readonly answers: ClaimAnswers;
  readonly background: Background;
  readonly records: Records;
  readonly log: Log;
}
