import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { describeAgentContract } from "../../infra/local/stand-in-agent/agent-contract.ts";
import { startXmtpNode, type XmtpNode } from "../../infra/local/xmtp-node/node.ts";
import { AgentProcess } from "./testing/agent-process.ts";

let folder: string;
let node: XmtpNode;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agent-contract-"));
  node = await startXmtpNode();
});
afterAll(async () => {
  await node.close();
  await rm(folder, { recursive: true });
});

/** The server is the real one; what answers turns says nothing here and is left out. */
describeAgentContract(
  "the real agent",
  async ({ instanceId, epoch, generation, gatewayUrl, secrets }) => {
    const agent = await AgentProcess.start({
      identity: { instanceId, ...secrets },
      stateDir: join(folder, instanceId),
      gatewayUrl,
      xmtpUrl: node.url,
      epoch,
      environment: { GENERATION: generation },
    });
    const exited = agent.exitCode.then(() => undefined);
    return { url: agent.url, exited, kill: () => agent.kill() };
  },
  { readyTimeoutMs: 30_000 },
);
