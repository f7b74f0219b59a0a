import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { type AgentStart, type AgentUnderTest, describeAgentContract } from "./agent-contract.ts";
import { type StandInHost, startStandInHost } from "./host-server.ts";
import { startStandInProcess } from "./start-for-contract.ts";

let stateDir: string;
let host: StandInHost;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "stand-in-"));
  host = await startStandInHost();
});
afterAll(async () => {
  await host.close();
  await rm(stateDir, { recursive: true });
});

describeAgentContract("stand-in as a process", (input) => startStandInProcess(input, stateDir));
describeAgentContract("stand-in in a host", startHosted);

async function startHosted(input: AgentStart): Promise<AgentUnderTest> {
  const { instanceId, epoch, generation, gatewayUrl, secrets } = input;
  const url = `${host.url}/agents/${instanceId}`;
  const environment = { GATEWAY_URL: gatewayUrl };
  const spec = { instanceId, name: `test-${instanceId}`, epoch, generation, environment };
  const response = await fetch(url, { method: "PUT", body: JSON.stringify({ spec, secrets }) });
  if (!response.ok) throw new Error(`the host answered ${response.status}`);
  return {
    url,
    exited: untilExited(url, epoch),
    kill: async () => {
      await fetch(`${url}/crash`, { method: "POST" });
    },
  };
}

async function untilExited(url: string, epoch: number): Promise<void> {
  for (;;) {
    const agent: unknown = await (await fetch(url)).json();
    if (JSON.stringify(agent).includes('"state":"exited"')) return;
    if (!JSON.stringify(agent).includes(`"epoch":${epoch}`)) return;
    await delay(20);
  }
}
