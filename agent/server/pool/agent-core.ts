import type {
  AgentStatus,
  ExplodeRequest,
  ProvisionAnswer,
  ProvisionRefusal,
  ProvisionRequest,
} from "../../../domain/agent-protocol.ts";
import type { RoomLookup } from "../conversation/room.ts";
import type { SkillReport } from "../skills/skill-host.ts";

export type ProvisionOutcome =
  | { kind: "answer"; answer: Omit<ProvisionAnswer, "proof"> }
  | { kind: "refused"; refusal: ProvisionRefusal };

/** What the routes of the agent's listener need of it. */
export interface AgentCore {
  status(): AgentStatus;
  provision(request: ProvisionRequest): Promise<ProvisionOutcome>;
  /** False when too many wait already. */
  notify(id: string): boolean;
  /** The conversation that the claim is served in. */
  room(): RoomLookup;
  /** Why nobody lets it into the conversation of its claim, for good. */
  joinRefusal(): ProvisionRefusal | undefined;
  /** What each skill says of itself now; none while the agent ends. */
  skills(): Promise<readonly SkillReport[]>;
  /** Starts the end; the first reason counts. */
  explode(reason: ExplodeRequest["reason"]): void;
}
