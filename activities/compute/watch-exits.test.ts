import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type GatewayListener,
  startGatewayListener,
} from "../../infra/local/stand-in-agent/gateway-listener.ts";
import { type StandInHost, startStandInHost } from "../../infra/local/stand-in-agent/host-server.ts";
import { epochOf, grantOf, newInstance, newSecrets } from "./compute-contract.ts";
import { StandInDriver } from "./stand-in/stand-in-driver.ts";
import { watchExits } from "./watch-exits.ts";

let gateway: GatewayListener;
let host: StandInHost;
beforeAll(async () => {
  gateway = await startGatewayListener();
  host = await startStandInHost();
});
afterAll(async () => {
  await host.close();
  await gateway.close();
});

test("each end is told once, whoever was running before it began to look", async () => {
  const driver = new StandInDriver({ hostUrl: host.url });
  const [one, two] = [newInstance(), newInstance()];
  const secrets = newSecrets();
  const launch = ({ id, name }: typeof one, epoch: number) =>
    driver.launch(
      {
        instanceId: id,
        name,
        epoch: epochOf(epoch),
        generation: "t",
        environment: { GATEWAY_URL: gateway.url },
      },
      grantOf(secrets),
    );
  const crash = ({ id }: typeof one) => fetch(`${host.url}/agents/${id}/crash`, { method: "POST" });
  await launch(one, 1);
  await launch(two, 1);
  await crash(one);

  const told: string[] = [];
  const stop = watchExits(driver, {
    intervalMs: 10,
    onExit: (id, epoch) => void told.push(`${id}/${epoch}`),
  });
  await expect.poll(() => told).toEqual([`${one.id}/1`]);
  await launch(one, 2);
  await crash(two);
  await expect.poll(() => told).toEqual([`${one.id}/1`, `${two.id}/1`]);
  await crash(one);
  await expect.poll(() => told).toEqual([`${one.id}/1`, `${two.id}/1`, `${one.id}/2`]);
  await launch(two, 1);
  await expect.poll(async () => (await driver.exited()).length).toBe(1);
  await stop();
  await crash(two);
  expect(await driver.exited()).toHaveLength(2);
  expect(told).toHaveLength(3);
});
