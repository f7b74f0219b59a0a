import { type Misbehaviour, parseMisbehaviour } from "./misbehaviour.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What an agent takes from the environment of its launch; `defaults` come from the host that runs it. */
export interface StandInSettings {
  gatewayUrl: string;
  defaultAgentName: string;
  bootDelayMs: number;
  misbehave: Misbehaviour | undefined;
}

/**
 * `GATEWAY_URL` and `DEFAULT_AGENT_NAME` as for the real agent. `BOOT_DELAY_MS` (default 0) and `MISBEHAVE` are for
 * tests and benchmarks, of the stand-in only. Throws with the name of the variable that is missing or wrong.
 */
export function parseSettings(environment: Environment, defaults: Environment = {}): StandInSettings {
  const read = (name: string): string | undefined => environment[name] ?? defaults[name];
  const bootDelayMs = Number(read("BOOT_DELAY_MS") ?? 0);
  if (!(bootDelayMs >= 0 && bootDelayMs <= 600_000)) throw new RangeError("BOOT_DELAY_MS is not usable");
  return {
    gatewayUrl: new URL(required(environment, "GATEWAY_URL")).href,
    defaultAgentName: read("DEFAULT_AGENT_NAME") ?? "Agent",
    bootDelayMs,
    misbehave: parseMisbehaviour(read("MISBEHAVE")),
  };
}

export function required(environment: Environment, name: string): string {
  const value = environment[name];
  if (value === undefined || value === "") throw new RangeError(`${name} is missing`);
  return value;
}
