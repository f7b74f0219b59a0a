import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { PAYMENT_LIMITS } from "./limits.ts";
import { ADA_INBOX, TestWallet, until } from "./testing/test-wallet.ts";

let wallet: TestWallet;
afterEach(() => wallet.close());

const stateOf = (quoteId: string): string | undefined => wallet.agent.store.find(quoteId)?.state;
const said = (entryId: string): string | undefined => wallet.agent.said().get(entryId);
const idle = () => wallet.agent.skill.payments.idle();
const onRead = (): void =>
  wallet.double.double.faults.add({ match: { path: "portfolio" }, fault: { kind: "hang" } });

describe("an end of the process", () => {
  it("after the quote: the answer still counts", async () => {
    wallet = await TestWallet.open();
    const quoteId = await wallet.quote();
    wallet.restart();
    await wallet.confirm(quoteId);
    expect(stateOf(quoteId)).toBe("sent");
    expect(wallet.transactions()).toHaveLength(1);
  });

  it("after the confirmation, before anything left: it is sent by the next, once", async () => {
    wallet = await TestWallet.open();
    const quoteId = await wallet.quote();
    onRead();
    wallet.answer(quoteId, "yes");
    await until(() => wallet.double.double.faults.list().length === 0, "the look at the balance");
    expect(stateOf(quoteId)).toBe("confirmed");
    wallet.restart();
    expect(wallet.answer(quoteId, "yes")).toBe("already");
    await idle();
    expect(stateOf(quoteId)).toBe("sent");
    wallet.restart();
    await idle();
    expect(wallet.transactions()).toHaveLength(1);
  });

  it("after the confirmation, for long: nothing is sent any more", async () => {
    wallet = await TestWallet.open();
    const quoteId = await wallet.quote();
    onRead();
    wallet.answer(quoteId, "yes");
    await until(() => wallet.double.double.faults.list().length === 0, "the look at the balance");
    const lateMs = Date.now() + PAYMENT_LIMITS.quoteValidMs + 1;
    wallet.restart({ nowMs: () => lateMs });
    await idle();
    expect(said(`payment:${quoteId}:failed`)).toContain("too much time");
    expect(wallet.transactions()).toEqual([]);
  });

  it.each([
    ["before", 0],
    ["after", 1],
  ] as const)(
    "with the request on its way, %s it took effect: unknown, never sent again",
    async (position, count) => {
      wallet = await TestWallet.open();
      const quoteId = await wallet.quote();
      wallet.onTransfer({ kind: "hang" }, position);
      wallet.answer(quoteId, "yes");
      await until(() => wallet.double.double.faults.list().length === 0, "the request");
      expect(stateOf(quoteId)).toBe("sending");
      wallet.restart({ looksAfterMs: [10, 30] });
      expect(stateOf(quoteId)).toBe("unknown");
      expect(said(`payment:${quoteId}:unknown`)).toContain("I do not know");
      expect(wallet.answer(quoteId, "yes")).toBe("already");
      const outcome = count === 1 ? "sent" : "still-unknown";
      await until(() => said(`payment:${quoteId}:${outcome}`) !== undefined, outcome);
      for (let n = 0; n < 3; n += 1) {
        wallet.restart({ looksAfterMs: [10, 30] });
        await idle();
      }
      expect(stateOf(quoteId)).toBe(count === 1 ? "sent" : "unknown");
      expect(wallet.transactions()).toHaveLength(count);
    },
  );

  it("is taken up before anything else is sent, also where the next process was not told to", async () => {
    wallet = await TestWallet.open();
    const [first, second] = [await wallet.quote("1"), await wallet.quote("2")];
    wallet.onTransfer({ kind: "hang" });
    wallet.answer(first, "yes");
    await until(() => stateOf(first) === "sending", "the request");
    wallet.restart({}, false);
    await wallet.confirm(second);
    expect([stateOf(first), stateOf(second)]).toEqual(["unknown", "failed"]);
    await until(() => wallet.transactions().length > 0, "the first transfer");
    expect(wallet.transactions()).toMatchObject([{ amount: "1" }]);
  });

  it("does not take a later transfer of the same amount for an earlier one that is unknown", async () => {
    wallet = await TestWallet.open(undefined, { looksAfterMs: [0] });
    wallet.onTransfer({ kind: "reset" }, "before");
    const first = await wallet.quote();
    await wallet.confirm(first);
    await until(() => wallet.agent.events.includes("payment-not-seen"), "the last look");
    await wallet.confirm(await wallet.quote());
    expect(wallet.transactions()).toHaveLength(1);
    wallet.restart();
    await idle();
    await wallet.confirm(await wallet.quote("1"));
    expect(stateOf(first)).toBe("unknown");
  });

  it("by SIGKILL with the money gone and no answer: unknown, then seen, sent once", async () => {
    wallet = await TestWallet.open();
    const quoteId = await wallet.quote();
    wallet.onTransfer({ kind: "hang" });
    wallet.agent.crash();
    const child = spawn(process.execPath, [new URL("./testing/pay-main.ts", import.meta.url).pathname], {
      stdio: ["pipe", "ignore", "inherit"],
    });
    const ended = once(child, "exit");
    child.stdin.end(JSON.stringify({ ...wallet.options, quoteId, inboxId: ADA_INBOX }));
    await until(() => wallet.transactions().length === 1, "the transfer");
    child.kill("SIGKILL");
    expect(await ended).toEqual([null, "SIGKILL"]);
    wallet.restart({ looksAfterMs: [10] });
    expect(said(`payment:${quoteId}:unknown`)).toContain("I do not know");
    await until(() => stateOf(quoteId) === "sent", "the look at the balance");
    expect(wallet.transactions()).toHaveLength(1);
  });

  it("in peace waits for the answer to what is on its way, and begins nothing more", async () => {
    wallet = await TestWallet.open();
    const [first, second] = [await wallet.quote("1"), await wallet.quote("2")];
    wallet.onTransfer({ kind: "latency", ms: 100 }, "before");
    wallet.answer(first, "yes");
    wallet.answer(second, "yes");
    await until(() => stateOf(first) === "sending", "the first transfer");
    await wallet.agent.skill.close();
    expect([stateOf(first), stateOf(second)]).toEqual(["sent", "confirmed"]);
    wallet.restart();
    await idle();
    expect(wallet.transactions()).toMatchObject([{ amount: "1" }, { amount: "2" }]);
  });
});
