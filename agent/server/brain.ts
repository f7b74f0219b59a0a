import type { AgentSecrets, FaultCode } from "../../domain/agent-protocol.ts";
import type { TelnyxRelayOptions } from "./broker/telnyx-relay.ts";
import type { AgentConfig } from "./config.ts";
import type { Log } from "./log.ts";
import type { TurnSource } from "./loopback/channel-api.ts";
import type { SkillHost } from "./skills/skill-host.ts";
import type { StatePaths } from "./state/paths.ts";
import type { Judge } from "./talk/attention/attention.ts";

/** What answers turns. In production the openclaw gateway; tests may put something simpler in its place. */
export interface Brain {
  /** The truth at this moment, never latched. */
  readonly ready: boolean;
  /** Whether the model has been refused for lack of money and is not asked any more. */
  readonly outOfCredit: boolean;
  /** Starts and keeps running what takes turns from `turns`. Resolves when it is first ready, or rejects. */
  start(turns: TurnSource, skills: BrainSkills): Promise<void>;
  /** The instructions of the claim are known. Must be quick: the claim's answer waits for it. */
  instruct(instructions: string): Promise<void>;
  /** Whether what was said in the room is for the agent, when the words alone do not tell. */
  judge: Judge;
  /** The provider refuses for lack of money: the model is not asked until it is refilled. */
  exhausted(): void;
  /** There is money again: the model may be asked. */
  refilled(): void;
  /** Ends the way to the model at once and for good. */
  cut(): void;
  /** Ends every process and listener of it, which get so long to end by themselves; nothing is left running when it resolves. */
  stop(graceMs?: number): Promise<void>;
}

/** What a brain can do besides thinking. */
export interface BrainSkills {
  host: SkillHost;
  /** The rules for text messages, for whoever sends them by the command. */
  sms: NonNullable<TelnyxRelayOptions["sms"]>;
}

export interface BrainInput {
  config: AgentConfig;
  secrets: AgentSecrets;
  paths: StatePaths;
  log: Log;
  /** The brain cannot be kept running; `code` says why. */
  onFault(code: FaultCode): void;
}

export type CreateBrain = (input: BrainInput) => Brain;
