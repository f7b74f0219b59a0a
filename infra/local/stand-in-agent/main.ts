/**
 * One stand-in agent as a process, started as the real one is: secrets as one line of JSON on standard input,
 * everything else by environment, `{"listening": port}` as the first line on standard output.
 */
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import type { AgentSecrets } from "../../../domain/agent-protocol.ts";
import { answerForAgent } from "./agent-routes.ts";
import { sendProblem } from "./json-http.ts";
import { agentSecrets } from "./requests.ts";
import { parseSettings, required } from "./settings.ts";
import { StandInAgent } from "./stand-in-agent.ts";
import { fileStore } from "./state-store.ts";

const secrets = parseSecrets(await text(process.stdin));
const agent = new StandInAgent({
  ...parseSettings(process.env),
  instanceId: required(process.env, "INSTANCE_ID"),
  epoch: Number(required(process.env, "EPOCH")),
  generation: required(process.env, "GENERATION"),
  instanceSecret: secrets.instanceSecret,
  store: fileStore(required(process.env, "STATE_DIR")),
  exit: () => process.exit(0),
});
const server = createServer((request, response) => {
  answerForAgent(agent, request.url ?? "/", request, response).catch((error: unknown) =>
    sendProblem(response, error),
  );
});
process.once("SIGTERM", () => process.exit(0));
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on TCP");
  process.stdout.write(`${JSON.stringify({ listening: address.port })}\n`);
  agent.start();
});

function parseSecrets(line: string): AgentSecrets {
  try {
    const value: unknown = JSON.parse(line);
    if (agentSecrets.Check(value)) return value;
  } catch {
    // The parser's message quotes its input, which is secret.
  }
  throw new Error("standard input did not hold the secrets");
}
