import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startGatewayListener } from "../../../infra/local/stand-in-agent/gateway-listener.ts";
import { describeComputeDriver } from "../compute-contract.ts";
import { ProcessDriver } from "./process-driver.ts";
import { readRun } from "./run-record.ts";

const MAIN = fileURLToPath(new URL("../../../infra/local/stand-in-agent/main.ts", import.meta.url));

describeComputeDriver("process", async () => {
  const rootDir = await mkdtemp(join(tmpdir(), "process-driver-"));
  const gateway = await startGatewayListener();
  const driver = new ProcessDriver({ rootDir, command: [process.execPath, MAIN], launchTimeoutMs: 10_000 });
  return {
    driver,
    environment: { GATEWAY_URL: gateway.url },
    crash: async (_instanceId, name) => {
      const pid = (await readRun(join(rootDir, name)))?.pid;
      if (pid === undefined || pid === null) throw new Error("nothing to crash");
      process.kill(pid, "SIGKILL");
    },
    close: async () => {
      for (const { name } of await driver.list("")) throw new Error(`a test left ${name}`);
      await gateway.close();
      await rm(rootDir, { recursive: true });
    },
  };
});
