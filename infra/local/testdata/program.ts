/** Stands for one of the platform's programs in tests of the stack: serves its own environment's names. */
import { spawn } from "node:child_process";
import { createServer } from "node:http";

const port = Number(process.env.API_PORT ?? 0);
if (process.argv[1]?.endsWith("program.ts")) {
  // As the compute driver does: an agent that is not a child of the stack, known by its state folder.
  const agent = spawn("sleep", ["300"], {
    detached: true,
    stdio: "ignore",
    env: { PATH: process.env.PATH ?? "", STATE_DIR: `${process.env.COMPUTE_DIR}/agent-1` },
  });
  agent.unref();
  const server = createServer((_request, response) => {
    response.end(JSON.stringify({ environment: process.env, pid: process.pid, agentPid: agent.pid }));
  });
  server.listen(port, "127.0.0.1", () => process.stdout.write('{"ready":true}\n'));
  process.once("SIGTERM", () => server.close(() => process.exit(0)));
  server.keepAliveTimeout = 1;
}
