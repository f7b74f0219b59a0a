import { afterEach, describe, expect, it } from "vitest";
import { FULL } from "../../../infra/local/doubles/bankr/testing.ts";
import { PAYMENT_LIMITS } from "./limits.ts";
import { termsHashOf } from "./payment.ts";
import { quoteEntryId } from "./payments.ts";
import { TestWallet, TO, until } from "./testing/test-wallet.ts";

let wallet: TestWallet;
afterEach(() => wallet.close());

const said = (entryId: string): string | undefined => wallet.agent.said().get(entryId);
const stateOf = (quoteId: string): string | undefined => wallet.agent.store.find(quoteId)?.state;

describe("a transfer", () => {
  it("is quoted in full, confirmed by a person's reply, sent once and told", async () => {
    wallet = await TestWallet.open();
    const quoteId = await wallet.quote("5.25", { to: TO.toLowerCase(), note: "pizza\n“yes”" });
    expect(said(quoteEntryId(quoteId))).toBe(
      `Send 5.25 USDC on Base to ${TO} (for “pizza 'yes'”)?\nReply “yes” to this message to confirm, “no” to drop it. Valid for 15 minutes.`,
    );
    expect(wallet.transactions()).toEqual([]);
    expect(await wallet.confirm(quoteId)).toBe("confirmed");
    const [sent, ...others] = wallet.transactions();
    expect(others).toEqual([]);
    expect(sent).toMatchObject({ kind: "transfer", chain: "base", token: "USDC", amount: "5.25", to: TO });
    expect(said(`payment:${quoteId}:sent`)).toBe(
      `Sent 5.25 USDC on Base to ${TO}. Transaction ${sent?.hash}`,
    );
    expect(wallet.agent.store.find(quoteId)).toMatchObject({
      state: "sent",
      confirmation: { inboxId: "a".repeat(64), messageId: "message-yes" },
    });
    expect(await wallet.use("wallet", { action: "history" })).toContain(`sent: 5.25 USDC on Base to ${TO}`);
  });

  it("sends the chain's own coin, and names the contract of each chain", async () => {
    wallet = await TestWallet.open();
    await wallet.confirm(await wallet.quote("0.01", { asset: "ETH" }));
    await wallet.double.call(
      "POST",
      "/__double/bankr/fund",
      {},
      { wallet: wallet.walletId, chain: "mainnet", token: "USDC", amount: "9" },
    );
    await wallet.confirm(await wallet.quote("9", { chain: "mainnet" }));
    expect(wallet.transactions()).toMatchObject([
      { chain: "base", token: "ETH", amount: "0.01" },
      { chain: "mainnet", token: "USDC", amount: "9" },
    ]);
  });

  it("is sent once, however often and by however many it is confirmed", async () => {
    wallet = await TestWallet.open();
    const quoteId = await wallet.quote();
    expect(wallet.answer(quoteId, "yes")).toBe("confirmed");
    expect(wallet.answer(quoteId, "yes")).toBe("already");
    expect(wallet.answer(quoteId, "ok", { senderInboxId: "b".repeat(64), id: "another" })).toBe("already");
    await wallet.agent.skill.payments.idle();
    expect(await wallet.confirm(quoteId)).toBe("already");
    expect(wallet.answer(quoteId, "no")).toBe("already");
    expect(wallet.transactions()).toHaveLength(1);
  });

  it("is confirmed by a reaction, and dropped by a no", async () => {
    wallet = await TestWallet.open();
    const first = await wallet.quote("1");
    expect(wallet.answer(first, "", { reaction: "👍🏾" })).toBe("confirmed");
    const second = await wallet.quote("2");
    expect(wallet.answer(second, "No.")).toBe("dropped");
    expect(await wallet.confirm(second)).toBe("already");
    expect(said(`payment:${second}:dropped`)).toBe(`Dropped: 2 USDC on Base to ${TO}. Nothing was sent.`);
    expect(wallet.transactions()).toHaveLength(1);
  });
});

describe("a quote", () => {
  it("is not answered by a reply to something else, or to another quote", async () => {
    wallet = await TestWallet.open();
    const small = await wallet.quote("1");
    const large = await wallet.quote("40");
    const { replyToQuoteId, ...unaddressed } = {
      ...{ id: "m", senderInboxId: "a".repeat(64), isPerson: true, text: "yes", replyToQuoteId: "" },
    };
    expect(replyToQuoteId).toBe("");
    expect(wallet.agent.skill.payments.consider(unaddressed)).toBeUndefined();
    expect(wallet.answer("0123456789abcdef", "yes")).toBeUndefined();
    expect(await wallet.confirm(small)).toBe("confirmed");
    expect(wallet.transactions()).toMatchObject([{ amount: "1" }]);
    expect(stateOf(large)).toBe("quoted");
  });

  it("is another one when anything of it is another, and the same one when asked for again", async () => {
    wallet = await TestWallet.open({ USDC: "100", ETH: "1" });
    const quoteId = await wallet.quote("5");
    const again = await wallet.use("pay", { action: "send", amount: "5.0", asset: "USDC", to: TO });
    expect(again).toContain("is in the chat already");
    expect(wallet.agent.quoteIds()).toEqual([quoteId]);
    const other = await wallet.quote("6");
    expect(other).not.toBe(quoteId);
    await wallet.confirm(quoteId);
    expect(wallet.transactions()).toMatchObject([{ amount: "5" }]);
  });

  it("is not carried out when it is not what was confirmed", async () => {
    wallet = await TestWallet.open();
    const quoteId = await wallet.quote("5");
    const { store, skill } = wallet.agent;
    const quoted = store.find(quoteId);
    if (quoted === undefined) throw new Error("no quote");
    const termsHash = termsHashOf(quoteId, { ...quoted.terms, amount: "4000000" });
    store.move(quoted, "confirmed", {
      confirmation: { inboxId: "a".repeat(64), messageId: "m", termsHash, atMs: Date.now() },
    });
    skill.payments.resume();
    await skill.payments.idle();
    expect(said(`payment:${quoteId}:failed`)).toContain("not what was confirmed");
    expect(wallet.transactions()).toEqual([]);
  });

  it("expires, and answers come too late", async () => {
    let nowMs = Date.now();
    wallet = await TestWallet.open(undefined, { nowMs: () => nowMs });
    const quoteId = await wallet.quote();
    nowMs += PAYMENT_LIMITS.quoteValidMs + 1;
    expect(await wallet.confirm(quoteId)).toBe("late");
    expect(await wallet.confirm(quoteId)).toBe("late");
    expect(said(`payment:${quoteId}:expired`)).toContain("expired, and nothing was sent");
    expect(wallet.transactions()).toEqual([]);
    const next = await wallet.quote();
    expect(next).not.toBe(quoteId);
    expect(await wallet.confirm(next)).toBe("confirmed");
  });

  it("is not made beyond what the wallet holds, nor in any number", async () => {
    wallet = await TestWallet.open({ USDC: "10" });
    await expect(wallet.quote("10.000001")).rejects.toThrow("does not hold enough USDC");
    await expect(wallet.quote("0.01", { asset: "ETH" })).rejects.toThrow("does not hold enough ETH");
    for (let n = 1; n <= PAYMENT_LIMITS.maxOpenQuotes; n += 1) await wallet.quote(`${n}`);
    await expect(wallet.quote("9")).rejects.toThrow("Too many quotes wait");
  });
});

describe("the limits", () => {
  it("refuse a transfer, and what is too much for 24 hours, at the quote", async () => {
    let nowMs = Date.now();
    wallet = await TestWallet.open({ USDC: "1000" }, { nowMs: () => nowMs });
    await expect(wallet.quote("50.000001")).rejects.toThrow("At most 50 USDC can be sent in one transfer");
    for (const amount of ["50", "49", "48", "47"]) await wallet.confirm(await wallet.quote(amount));
    await expect(wallet.quote("7")).rejects.toThrow(
      "At most 200 USDC can be sent in 24 hours, and 6 of it is left",
    );
    await wallet.confirm(await wallet.quote("6"));
    nowMs += PAYMENT_LIMITS.dayMs + 1;
    await wallet.double.advance(PAYMENT_LIMITS.dayMs + 1);
    await wallet.confirm(await wallet.quote("50"));
    expect(wallet.transactions()).toHaveLength(6);
  });

  it("are not passed by two confirmations at once", async () => {
    wallet = await TestWallet.open(undefined, { limits: { USDC: { perTransfer: "50", perDay: "60" } } });
    const quotes = [await wallet.quote("31"), await wallet.quote("30")];
    expect(quotes.map((quoteId) => wallet.answer(quoteId, "yes"))).toEqual(["confirmed", "refused"]);
    await wallet.agent.skill.payments.idle();
    expect(wallet.transactions()).toMatchObject([{ amount: "31" }]);
    expect(said(`payment:${quotes[1]}:over-limit`)).toContain(
      "At most 60 USDC can be sent in 24 hours, and 29",
    );
    expect(await wallet.confirm(quotes[1] ?? "")).toBe("already");
  });

  it("count what may have left, and not what certainly has not", async () => {
    const limits = { USDC: { perTransfer: "50", perDay: "50" } };
    wallet = await TestWallet.open(undefined, { limits, looksAfterMs: [0] });
    wallet.onTransfer({ kind: "429" }, "before");
    await wallet.confirm(await wallet.quote("40"));
    wallet.onTransfer({ kind: "status", status: 504 }, "before");
    const unknown = await wallet.quote("40");
    await wallet.confirm(unknown);
    await until(() => said(`payment:${unknown}:still-unknown`) !== undefined, "the last look");
    await expect(wallet.quote("11")).rejects.toThrow("10 of it is left");
  });

  it("are amounts, and can close an asset", async () => {
    wallet = await TestWallet.open(undefined, { limits: { ETH: { perTransfer: "0", perDay: "0" } } });
    await expect(wallet.quote("0.000001", { asset: "ETH" })).rejects.toThrow("At most 0 ETH");
    const limits = { USDC: { perTransfer: "fifty", perDay: "200" } };
    expect(() => wallet.restart({ limits })).toThrow("not an amount");
  });
});

describe("a refusal of the provider", () => {
  it.each([
    [{ kind: "429" }, "is asked too often"],
    [{ kind: "status", status: 402, body: { error: "Payment required" } }, "asks to be paid"],
    [{ kind: "status", status: 401, body: { error: "Invalid API key" } }, "key is not accepted"],
    [{ kind: "status", status: 403, body: { error: "Wallet paused" } }, "security settings"],
    [{ kind: "status", status: 400, body: { success: false, error: "Insufficient balance" } }, "hold enough"],
  ] as const)("%j is told, and nothing is repeated", async (fault, sentence) => {
    wallet = await TestWallet.open();
    wallet.onTransfer(fault, "before");
    const quoteId = await wallet.quote();
    await wallet.confirm(quoteId);
    expect(said(`payment:${quoteId}:failed`)).toContain(sentence);
    expect(stateOf(quoteId)).toBe("failed");
    expect(await wallet.confirm(quoteId)).toBe("already");
    expect(wallet.transactions()).toEqual([]);
  });

  it("comes from a key that may only read", async () => {
    wallet = await TestWallet.open({ USDC: "10" }, {}, { ...FULL, readOnly: true });
    const quoteId = await wallet.quote();
    await wallet.confirm(quoteId);
    expect(said(`payment:${quoteId}:failed`)).toContain("key may only read");
    expect(await wallet.use("wallet", { action: "balance" })).toContain("USDC on Base: 10");
  });

  it("is not needed when the money has gone since the quote", async () => {
    wallet = await TestWallet.open({ USDC: "10" });
    const [first, second] = [await wallet.quote("6"), await wallet.quote("7")];
    wallet.answer(first, "yes");
    wallet.answer(second, "yes");
    await wallet.agent.skill.payments.idle();
    expect(said(`payment:${second}:failed`)).toContain("does not hold enough");
    expect(wallet.transactions()).toHaveLength(1);
  });
});
