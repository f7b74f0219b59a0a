import { startGatewayListener } from "../../../infra/local/stand-in-agent/gateway-listener.ts";
import { startStandInHost } from "../../../infra/local/stand-in-agent/host-server.ts";
import { describeComputeDriver } from "../compute-contract.ts";
import { StandInDriver } from "./stand-in-driver.ts";

describeComputeDriver("stand-in host", async () => {
  const gateway = await startGatewayListener();
  const host = await startStandInHost();
  return {
    driver: new StandInDriver({ hostUrl: host.url }),
    environment: { GATEWAY_URL: gateway.url },
    crash: async (instanceId) => {
      await fetch(`${host.url}/agents/${instanceId}/crash`, { method: "POST" });
    },
    close: async () => {
      await host.close();
      await gateway.close();
    },
  };
});
