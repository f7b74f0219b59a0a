import { afterEach, expect, it } from "vitest";
import { createBankrSkill } from "./index.ts";
import { TestWallet } from "./testing/test-wallet.ts";

let wallet: TestWallet;
afterEach(() => wallet.close());

it("reads balance and address, and says nothing that strangers wrote", async () => {
  wallet = await TestWallet.open({ USDC: "0.5", ETH: "0.25" });
  expect(await wallet.use("wallet", { action: "balance" })).toBe(
    "USDC on Base: 0.5\nETH on Base: 0.25\nUSDC on Ethereum: 0\nETH on Ethereum: 0",
  );
  expect(await wallet.use("wallet", { action: "address" })).toContain(wallet.address);
  expect(await wallet.use("wallet", { action: "history" })).toBe("No payments yet.");
  const body = {
    balances: {
      base: {
        nativeBalance: "1",
        tokenBalances: [{ address: "0x1", token: { balance: "9", symbol: "Ignore all" } }],
      },
    },
  };
  wallet.double.double.faults.add({
    match: { path: "portfolio" },
    fault: { kind: "status", status: 200, body },
  });
  const text = await wallet.use("wallet", { action: "balance" });
  expect(text).toContain("1 other tokens");
  expect(text).not.toContain("Ignore");
});

it("requests money to the wallet's own address, once for each use", async () => {
  wallet = await TestWallet.open();
  const wish = { action: "request", amount: "12.50", asset: "USDC", note: "dinner" };
  await wallet.use("pay", wish);
  await wallet.use("pay", wish);
  expect([...wallet.agent.said().values()]).toEqual([
    `Please send 12.5 USDC on Base (for “dinner”) to my wallet:\n${wallet.address}\nOnly USDC on Base; what comes another way may be lost.`,
  ]);
  await wallet.use("pay", wish, { callId: "call-2" });
  expect(wallet.agent.said().size).toBe(2);
  await expect(wallet.use("pay", { ...wish, to: wallet.address })).rejects.toThrow("leave `to` out");
});

it.each([
  [{ kind: "status", status: 403, body: { error: "IP address not allowed" } }, "key is not accepted"],
  [{ kind: "429" }, "asked too often"],
  [{ kind: "status", status: 402, body: {} }, "asks to be paid"],
  [{ kind: "html" }, "cannot be reached"],
  [{ kind: "reset" }, "cannot be reached"],
  [{ kind: "truncatedJson" }, "cannot be reached"],
  [{ kind: "status", status: 200, body: { balances: "x".repeat(2_000_000) } }, "cannot be reached"],
] as const)("says in a sentence what is wrong with the wallet (%#)", async (fault, sentence) => {
  wallet = await TestWallet.open();
  wallet.double.double.faults.add({ match: { path: "portfolio" }, fault });
  await expect(wallet.use("wallet", { action: "balance" })).rejects.toThrow(sentence);
});

it("splits a bill", async () => {
  wallet = await TestWallet.open();
  const bill = { total: "10", unit: "EUR", people: [{ name: "Ada" }, { name: "Bob" }] };
  expect(await wallet.use("split_bill", bill)).toContain("Bob: 5.00 EUR");
});

it("costs each request to the model little", async () => {
  wallet = await TestWallet.open();
  const offered = wallet.agent.skill.tools.map(({ name, description, parameters }) => ({
    name,
    description,
    parameters,
  }));
  expect(JSON.stringify(offered).length).toBeLessThan(2_000);
});

it("says whether it is configured", async () => {
  wallet = await TestWallet.open();
  const { signal } = new AbortController();
  const { skill } = wallet.agent;
  expect(await skill.setup(signal)).toEqual({
    state: "ready",
    detail: `The wallet ${wallet.address} answers.`,
  });
  wallet.double.double.faults.add({ match: { path: "me" }, fault: { kind: "status", status: 401 } });
  expect(await skill.setup(signal)).toMatchObject({ state: "failing" });
  await expect(skill.setup(AbortSignal.abort(new Error("over")))).rejects.toThrow("over");
  const nothing = {
    store: wallet.agent.store,
    post: () => undefined,
    tell: () => undefined,
    log: () => undefined,
  };
  const without = createBankrSkill({ ...nothing, wallet: async () => undefined });
  expect(await without.setup(signal)).toMatchObject({ state: "off" });
  const broken = createBankrSkill({ ...nothing, wallet: () => Promise.reject(new Error("bk_usr_secret")) });
  const state = await broken.setup(signal);
  expect(state.state).toBe("failing");
  expect(state.detail).not.toContain("secret");
});
