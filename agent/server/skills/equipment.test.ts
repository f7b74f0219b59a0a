import { createServer, type Server } from "node:http";
import { json } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEquipment, type Equipment } from "./equipment.ts";

const INBOX = { provider: "agentmail", kind: "mailbox", status: "ready", externalId: "a@mail.example" };
const KEY = { provider: "agentmail", kind: "mailbox-key", status: "ready", secret: "am_secret" };
const NUMBER = { provider: "telnyx", kind: "number", status: "on-demand" };

describe("of an agent of a platform", () => {
  let server: Server;
  let equipment: Equipment;
  let asked: unknown[];
  let status: number;
  let answer: unknown;

  beforeEach(async () => {
    asked = [];
    status = 200;
    answer = { items: [INBOX, KEY, NUMBER] };
    server = createServer(async (request, response) => {
      const { method, url, headers } = request;
      asked.push([method, url, headers.authorization, method === "POST" ? await json(request) : undefined]);
      response.writeHead(status, { "content-type": "application/json", location: "/elsewhere" });
      response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    equipment = createEquipment({
      gatewayUrl: `http://127.0.0.1:${address.port}`,
      instanceId: "i/1",
      instanceSecret: "own",
      standalone: undefined,
    });
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it("is asked for once by all who want to know, and never again once it is there", async () => {
    const [inbox, key] = await Promise.all([
      equipment.get("agentmail/mailbox"),
      equipment.get("agentmail/mailbox-key"),
    ]);
    expect([inbox, key]).toEqual([INBOX, KEY]);
    await equipment.get("agentmail/mailbox-key");
    expect(asked).toEqual([["GET", "/api/instances/i%2F1/equipment", "Bearer own", undefined]]);
  });

  it("is asked for again while it is coming or off", async () => {
    answer = { items: [{ ...INBOX, status: "coming", externalId: undefined }] };
    expect(await equipment.get("agentmail/mailbox")).toMatchObject({ status: "coming" });
    expect(await equipment.get("bankr/wallet-key")).toEqual({ status: "off" });
    answer = { items: [INBOX] };
    expect(await equipment.get("agentmail/mailbox")).toMatchObject({ status: "ready" });
    expect(asked).toHaveLength(3);
  });

  it("has what is made on demand made, and knows it from the answer", async () => {
    expect(await equipment.get("telnyx/number")).toMatchObject({ status: "on-demand" });
    answer = { items: [{ ...NUMBER, status: "ready", externalId: "+13125550100" }] };
    await equipment.request("number");
    expect(asked.at(-1)).toMatchObject(["POST", expect.any(String), "Bearer own", { name: "number" }]);
    expect(await equipment.get("telnyx/number")).toMatchObject({ externalId: "+13125550100" });
    expect(asked).toHaveLength(2);
  });

  it.each([
    ["an error", 500, { error: "no" }],
    ["a redirect", 302, { items: [] }],
    ["no JSON", 200, "am_secret"],
    ["something else", 200, { items: [{ ...KEY, status: "am_secret" }] }],
    ["too much", 200, { items: [], more: "x".repeat(70_000) }],
  ])("rejects when the platform answers with %s, and works when it is over", async (_, code, body) => {
    [status, answer] = [code, body];
    await expect(equipment.get("agentmail/mailbox")).rejects.toThrow();
    await expect(equipment.request("wallet")).rejects.toThrow();
    [status, answer] = [200, { items: [INBOX] }];
    expect(await equipment.get("agentmail/mailbox")).toEqual(INBOX);
  });
});

describe("of a standalone agent", () => {
  const standalone = (given: Parameters<typeof createEquipment>[0]["standalone"]): Equipment =>
    createEquipment({ gatewayUrl: undefined, instanceId: "i", instanceSecret: "own", standalone: given });

  it("is what it was given", async () => {
    const equipment = standalone({ mailbox: { inboxId: "a@mail.example", key: "am" }, walletKey: "bk" });
    expect(await equipment.get("agentmail/mailbox")).toEqual({
      status: "ready",
      externalId: "a@mail.example",
    });
    expect(await equipment.get("agentmail/mailbox-key")).toEqual({ status: "ready", secret: "am" });
    expect(await equipment.get("bankr/wallet-key")).toEqual({ status: "ready", secret: "bk" });
    expect(await equipment.get("telnyx/number")).toEqual({ status: "off" });
  });

  it("is off where it was given nothing, and nobody makes more", async () => {
    const equipment = standalone(undefined);
    expect(await equipment.get("agentmail/mailbox-key")).toEqual({ status: "off" });
    await expect(equipment.request("wallet")).rejects.toThrow("no platform");
  });
});
