import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createAccounts } from "./accounts.ts";
import type { Equipment, EquipmentItem, EquipmentKind } from "./equipment.ts";

type Known = Partial<Record<EquipmentKind, Pick<EquipmentItem, "status" | "externalId" | "secret">>>;

let broker: Server;
let gatewayUrl: string;
let asked: string[];
let status: number;
let requested: string[];

beforeEach(async () => {
  [asked, requested, status] = [[], [], 200];
  broker = createServer(({ method, url, headers }, response) => {
    asked.push(`${method} ${url} ${headers.authorization}`);
    response.writeHead(status).end("{}");
  });
  await new Promise<void>((resolve) => broker.listen(0, "127.0.0.1", resolve));
  const address = broker.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  gatewayUrl = `http://127.0.0.1:${address.port}`;
});
afterEach(async () => {
  broker.closeAllConnections();
  await new Promise((resolve) => broker.close(resolve));
});

function accountsOf(known: Known, { isStandalone = false, isClaimed = true } = {}) {
  const equipment: Equipment = {
    get: async (kind) => known[kind] ?? { status: "off" },
    request: async (name) => void requested.push(name),
  };
  const config = {
    instanceId: "i1",
    bankrBaseUrl: "https://bankr.example",
    gatewayUrl: isStandalone ? undefined : gatewayUrl,
  };
  return createAccounts(equipment, config, "own", () => isClaimed);
}
const COMING = "It is still being made";

it("has a mailbox with a key of its own, none, or one that is still being made", async () => {
  const inbox = { status: "ready", externalId: "a@mail.example" } as const;
  const key = { status: "ready", secret: "am" } as const;
  const both = accountsOf({ "agentmail/mailbox": inbox, "agentmail/mailbox-key": key });
  expect(await both.mailbox()).toEqual({ inboxId: "a@mail.example", key: "am" });
  expect(await accountsOf({ "agentmail/mailbox": inbox }).mailbox()).toBeUndefined();
  expect(await accountsOf({}).mailbox()).toBeUndefined();
  const coming = { "agentmail/mailbox": inbox, "agentmail/mailbox-key": { status: "coming" } } as const;
  await expect(accountsOf(coming).mailbox()).rejects.toThrow(COMING);
});

it("texts through the broker once it has a number", async () => {
  const number = { status: "ready", externalId: "+13125550100" } as const;
  const accounts = accountsOf({ "telnyx/number": number });
  expect(await accounts.number()).toEqual({ state: "ready", e164: "+13125550100" });
  expect(await accounts.sms()).toEqual({
    baseUrl: `${gatewayUrl}/broker/i1/telnyx/v2`,
    token: "own",
    number: "+13125550100",
  });
  for (const state of ["coming", "on-demand", "off"] as const) {
    const without = accountsOf({ "telnyx/number": { status: state } });
    expect(await without.number()).toEqual({ state });
    expect(await without.sms()).toBeUndefined();
  }
  expect(await accountsOf({ "telnyx/number": { status: "ready" } }).number()).toEqual({ state: "coming" });
  expect(await accountsOf({ "telnyx/number": number }, { isStandalone: true }).sms()).toBeUndefined();
  await accounts.requestNumber();
  expect(requested).toEqual(["number"]);
});

it("uses a wallet by its own key, without the broker", async () => {
  const accounts = accountsOf({ "bankr/wallet-key": { status: "ready", secret: "bk" } });
  expect(await accounts.wallet()).toEqual({
    baseUrl: "https://bankr.example",
    headers: { "x-api-key": "bk" },
  });
  expect(asked).toEqual([]);
});

it("has a wallet made on demand, but not only to see whether there could be one", async () => {
  const known: Known = { "bankr/wallet-key": { status: "on-demand" } };
  await expect(accountsOf(known, { isClaimed: false }).wallet()).rejects.toThrow("when somebody needs it");
  expect(requested).toEqual([]);
  await expect(accountsOf(known).wallet()).rejects.toThrow(COMING);
  expect(requested).toEqual(["wallet"]);
  await expect(accountsOf({ "bankr/wallet-key": { status: "coming" } }).wallet()).rejects.toThrow(COMING);
  expect(requested).toEqual(["wallet"]);
});

it("uses a wallet by the broker where the platform keeps the key", async () => {
  expect(await accountsOf({}).wallet()).toEqual({
    baseUrl: `${gatewayUrl}/broker/i1/bankr`,
    headers: { authorization: "Bearer own" },
  });
  expect(asked).toEqual(["GET /broker/i1/bankr/wallet/me Bearer own"]);
});

it.each([403, 404])("has no wallet when the broker answers %i", async (answer) => {
  status = answer;
  expect(await accountsOf({}).wallet()).toBeUndefined();
});

it.each([429, 500, 503])(
  "does not say that there is no wallet when the broker answers %i",
  async (answer) => {
    status = answer;
    await expect(accountsOf({}).wallet()).rejects.toThrow(`the platform answered ${answer}`);
  },
);

it("has no wallet where there is neither a key nor a platform", async () => {
  expect(await accountsOf({}, { isStandalone: true }).wallet()).toBeUndefined();
});
