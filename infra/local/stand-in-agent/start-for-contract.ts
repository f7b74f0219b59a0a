import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { AgentStart, AgentUnderTest } from "./agent-contract.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

/** `main.ts` as a process of its own on a state folder, as the contract suite wants an agent. */
export async function startStandInProcess(
  input: AgentStart,
  stateDir: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<AgentUnderTest> {
  const child = spawn(process.execPath, [MAIN], {
    stdio: ["pipe", "pipe", "inherit"],
    env: {
      INSTANCE_ID: input.instanceId,
      EPOCH: String(input.epoch),
      GENERATION: input.generation,
      GATEWAY_URL: input.gatewayUrl,
      STATE_DIR: stateDir,
      PORT: "0",
      ...environment,
    },
  });
  child.stdin.end(`${JSON.stringify(input.secrets)}\n`);
  const exited = once(child, "exit").then(() => undefined);
  const lines = createInterface({ input: child.stdout });
  const [line]: unknown[] = await Promise.race([once(lines, "line"), exited.then(() => ["{}"])]);
  const told: unknown = JSON.parse(String(line));
  if (typeof told !== "object" || told === null || !("listening" in told))
    throw new Error("the stand-in ended before it listened");
  return {
    url: `http://127.0.0.1:${told.listening}`,
    exited,
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
