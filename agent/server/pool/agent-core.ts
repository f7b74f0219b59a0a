import type {
  AgentStatus,
  ExplodeRequest,
  ProvisionAnswer,
  ProvisionRefusal,
  ProvisionRequest,
} from "../../../domain/agent-protocol.ts";

export type ProvisionOutcome =
  | { kind: "answer"; answer: Omit<ProvisionAnswer, "proof"> }
  | { kind: "refused"; refusal: ProvisionRefusal };

/** What the pool's routes need of the agent. */
export interface AgentCore {
  status(): AgentStatus;
  provision(request: ProvisionRequest): Promise<ProvisionOutcome>;
  /** False when too many wait already. */
  notify(id: string): boolean;
  /** Starts the end; the first reason counts. */
  explode(reason: ExplodeRequest["reason"]): void;
}
