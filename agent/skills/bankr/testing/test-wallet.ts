import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FULL, TestDouble } from "../../../../infra/local/doubles/bankr/testing.ts";
import type { Fault } from "../../../../infra/local/doubles/base/faults.ts";
import { aMandate } from "../../kit/testing.ts";
import type { SkillTool, ToolCall } from "../../kit/tool.ts";
import type { MemberMessage } from "../payments.ts";
import { openTestAgent, type TestAgent, type TestAgentOptions } from "./test-agent.ts";

export const TO = "0x52908400098527886E0F7030069857D2E4169EE7";
export const ADA_INBOX = "a".repeat(64);

/** A wallet at the double and an agent that has it. The agent can be ended and begun again on the same state. */
export class TestWallet {
  readonly double: TestDouble;
  readonly walletId: string;
  readonly address: string;
  readonly dir: string;
  readonly options: TestAgentOptions;
  agent: TestAgent;

  private constructor(
    double: TestDouble,
    wallet: { id: string; address: string },
    dir: string,
    options: TestAgentOptions,
  ) {
    this.double = double;
    this.walletId = wallet.id;
    this.address = wallet.address;
    this.dir = dir;
    this.options = options;
    this.agent = openTestAgent(options);
  }

  static async open(
    funds: Record<string, string> = { USDC: "100", ETH: "1" },
    options: Partial<TestAgentOptions> = {},
    permissions: Record<string, boolean> = FULL,
  ): Promise<TestWallet> {
    const double = await TestDouble.start();
    const wallet = await double.wallet(permissions, funds);
    const dir = mkdtempSync(join(tmpdir(), "bankr-"));
    const database = join(dir, "agent.db");
    return new TestWallet(double, wallet, dir, {
      baseUrl: double.double.url,
      key: wallet.key,
      database,
      ...options,
    });
  }

  /** As after the end of the process: what was in memory is gone. */
  restart(options: Partial<TestAgentOptions> = {}, resumes = true): void {
    this.agent.crash();
    this.agent = openTestAgent({ ...this.options, ...options });
    if (resumes) this.agent.skill.payments.resume();
  }

  tool(name: string): SkillTool {
    const tool = this.agent.skill.tools.find((one) => one.name === name);
    if (tool === undefined) throw new Error(`no tool ${name}`);
    return tool;
  }

  async use(name: string, params: unknown, overrides: Partial<ToolCall> = {}): Promise<string> {
    return (await this.tool(name).run(params, aCall(overrides))).text;
  }

  /** Asks to send, and gives the id of the quote. */
  async quote(amount = "5", more: Record<string, unknown> = {}): Promise<string> {
    await this.use("pay", { action: "send", amount, asset: "USDC", to: TO, ...more });
    return this.agent.quoteIds().at(-1) ?? "";
  }

  answer(quoteId: string, text: string, more: Partial<MemberMessage> = {}) {
    const id = `message-${text}`;
    const message = { id, senderInboxId: ADA_INBOX, isPerson: true, text, replyToQuoteId: quoteId, ...more };
    return this.agent.skill.payments.consider(message);
  }

  /** Answers yes and waits for what comes of it. */
  async confirm(quoteId: string): Promise<string | undefined> {
    const considered = this.answer(quoteId, "yes");
    await this.agent.skill.payments.idle();
    return considered;
  }

  onTransfer(fault: Fault, position: "before" | "after" = "after"): void {
    this.double.double.faults.add({ match: { method: "POST", path: "^/wallet/transfer$" }, fault, position });
  }

  transactions() {
    return this.double.double.state().transactions;
  }

  async close(): Promise<void> {
    await this.agent.close();
    await this.double.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export const aCall = (overrides: Partial<ToolCall> = {}): ToolCall => ({
  callId: "call-1",
  signal: AbortSignal.timeout(20_000),
  mandate: aMandate(),
  people: [],
  asker: undefined,
  progress: () => undefined,
  files: {
    dir: "/",
    read: () => Promise.reject(new Error("it reads no files")),
    write: () => Promise.reject(new Error("it writes no files")),
  },
  ...overrides,
});

/** Waits for what comes about outside of the test's own calls. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`it did not come about: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
