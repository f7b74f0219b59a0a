import { join } from "node:path";
import { getAddress } from "viem";
import { quoteEntryId } from "../../../agent/skills/bankr/index.ts";
import { openTestAgent, type TestAgent } from "../../../agent/skills/bankr/testing/test-agent.ts";
import { ADA } from "../../../agent/skills/kit/testing.ts";
import { match, seen } from "../seen.ts";
import { openFolder } from "../state.ts";
import { defineSuite, type LiveContext } from "../suite.ts";
import { openTools, type ToolScene } from "../tools.ts";

/** In USDC, which are dollars. */
const AMOUNT = "0.01";

interface WalletScene extends ToolScene {
  agent: TestAgent;
  payTo: string | undefined;
}

function missingConsent({ config, mayPay }: LiveContext): string | undefined {
  if (config.LIVE_PAY_TO === undefined) return "LIVE_PAY_TO, a wallet of your own";
  return mayPay ? undefined : "--spend";
}

async function open(context: LiveContext): Promise<WalletScene> {
  const { BANKR_BASE_URL: baseUrl, BANKR_API_KEY: key = "", LIVE_PAY_TO } = context.config;
  const payTo = LIVE_PAY_TO && getAddress(LIVE_PAY_TO);
  const database = join(await openFolder(context), "state.sqlite");
  const limits = { USDC: { perTransfer: AMOUNT, perDay: AMOUNT } };
  const agent = openTestAgent({ baseUrl, key, database, limits });
  context.cleanup.defer(() => agent.close());
  const named = payTo === undefined ? [] : [payTo];
  return { ...openTools(context, () => agent.skill, named), agent, payTo };
}

/** Quotes, answers yes as a person does, and looks at what has become of it. Nothing is ever sent twice. */
async function pay({ use, agent, payTo }: WalletScene, signal: AbortSignal): Promise<string> {
  await use("pay", { action: "send", amount: AMOUNT, asset: "USDC", to: payTo }, signal);
  const quoteId = seen(agent.quoteIds().at(-1), "a quote was posted");
  match(
    agent.said().get(quoteEntryId(quoteId)) ?? "",
    /Send 0\.01 USDC on Base to 0x/,
    "the quote says it all",
  );
  const answer = { senderInboxId: ADA.inboxId, isPerson: true, text: "yes", replyToQuoteId: quoteId };
  const considered = agent.skill.payments.consider({ id: "message-1", ...answer });
  seen(considered === "confirmed", "the answer confirms the quote", considered);
  await agent.skill.payments.idle();
  const again = agent.skill.payments.consider({ id: "message-2", ...answer });
  seen(again === "already", "a second answer does nothing", again);
  const history = await use("wallet", { action: "history" }, signal);
  return match(history, / sent: .*, transaction (0x[0-9a-fA-F]+)/, "it was sent once");
}

/** A wallet at Bankr. Money leaves only for LIVE_PAY_TO, and only with `--spend`. */
export const bankr = defineSuite<WalletScene>({
  skill: "bankr",
  missing: ({ config }) => (config.BANKR_API_KEY === undefined ? "BANKR_API_KEY" : undefined),
  open,
  steps: [
    {
      name: "tells its address",
      costUsd: 0,
      run: async ({ use }, signal) =>
        match(await use("wallet", { action: "address" }, signal), /^0x[0-9a-fA-F]{40}$/m, "it is an address"),
    },
    {
      name: "tells its balance",
      costUsd: 0,
      run: async ({ use }, signal) =>
        match(
          await use("wallet", { action: "balance" }, signal),
          /^USDC on Base: [\d.]+$/m,
          "it holds so much",
        ),
    },
    { name: `pays ${AMOUNT} USDC after a person's yes`, costUsd: 0.02, missing: missingConsent, run: pay },
  ],
});
