import { afterEach, describe, expect, it } from "vitest";
import { quoteEntryId } from "./payments.ts";
import { TestWallet, TO, until } from "./testing/test-wallet.ts";

let wallet: TestWallet;
afterEach(() => wallet.close());

const said = (entryId: string): string | undefined => wallet.agent.said().get(entryId);
const stateOf = (quoteId: string): string | undefined => wallet.agent.store.find(quoteId)?.state;
const balance = (): string | undefined =>
  wallet.double.double.state().wallets.find(({ id }) => id === wallet.walletId)?.balances["base:USDC"];

describe("an answer that tells nothing", () => {
  const FAULTS = [
    { kind: "status", status: 504, body: { error: "Gateway timeout" } },
    { kind: "status", status: 500 },
    { kind: "html" },
    { kind: "html", status: 403 },
    { kind: "reset" },
    { kind: "truncatedJson" },
    { kind: "hang" },
  ] as const;

  it.each(FAULTS)("%j after the money left: unknown, then seen by the balance, sent once", async (fault) => {
    wallet = await TestWallet.open(undefined, { looksAfterMs: [20, 60], transferTimeoutMs: 300 });
    wallet.onTransfer(fault);
    const quoteId = await wallet.quote();
    await wallet.confirm(quoteId);
    expect(said(`payment:${quoteId}:unknown`)).toContain("I do not know whether this was sent");
    await until(() => stateOf(quoteId) === "sent", "the look at the balance");
    expect(said(`payment:${quoteId}:sent`)).toContain("The balance shows that it has left");
    expect(balance()).toBe("95");
    expect(wallet.transactions()).toHaveLength(1);
  });

  it.each(FAULTS)("%j before anything left: unknown, not seen, never sent again", async (fault) => {
    wallet = await TestWallet.open(undefined, { looksAfterMs: [10, 20], transferTimeoutMs: 300 });
    wallet.onTransfer(fault, "before");
    const quoteId = await wallet.quote();
    await wallet.confirm(quoteId);
    await until(() => said(`payment:${quoteId}:still-unknown`) !== undefined, "the last look");
    expect(said(`payment:${quoteId}:still-unknown`)).toContain(
      `https://basescan.org/address/${wallet.address}`,
    );
    expect(stateOf(quoteId)).toBe("unknown");
    expect(await wallet.confirm(quoteId)).toBe("already");
    wallet.restart();
    await until(() => wallet.agent.events.includes("payment-not-seen"), "the look after the restart");
    expect(wallet.transactions()).toEqual([]);
    const again = await wallet.quote();
    expect(said(quoteEntryId(again))).toContain("First check that it has not arrived");
  });

  it("holds back everything of its kind until it has been looked at", async () => {
    wallet = await TestWallet.open();
    const [first, second, third] = [
      await wallet.quote("1"),
      await wallet.quote("2"),
      await wallet.quote("3"),
    ];
    wallet.onTransfer({ kind: "reset" });
    wallet.answer(first, "yes");
    wallet.answer(second, "yes");
    await wallet.agent.skill.payments.idle();
    expect([stateOf(first), stateOf(second)]).toEqual(["unknown", "failed"]);
    expect(await wallet.confirm(third)).toBe("refused");
    expect(stateOf(third)).toBe("quoted");
    await expect(wallet.quote("4")).rejects.toThrow("outcome of an earlier transfer");
    await wallet.confirm(await wallet.quote("0.01", { asset: "ETH" }));
    expect(wallet.transactions()).toMatchObject([{ amount: "1" }, { token: "ETH" }]);
  });

  it.each(["in", "out"])("says nothing when other money went %s meanwhile", async (direction) => {
    wallet = await TestWallet.open(undefined, { looksAfterMs: [200] });
    wallet.onTransfer({ kind: "reset" });
    const quoteId = await wallet.quote();
    await wallet.confirm(quoteId);
    if (direction === "in") await wallet.double.fund(wallet.walletId, "USDC", "5");
    else {
      const other = { to: TO, token: "USDC", amount: "3", chain: "base" };
      await wallet.double.user(wallet.options.key, "POST", "/wallet/transfer", other);
    }
    await until(() => said(`payment:${quoteId}:still-unknown`) !== undefined, "the last look");
    expect(stateOf(quoteId)).toBe("unknown");
  });
});
