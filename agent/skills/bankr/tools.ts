import { Type } from "typebox";
import { defineTool, type SkillTool } from "../kit/tool.ts";
import { formatAmount } from "./amount.ts";
import { ASSET_SYMBOLS, ASSETS, CHAIN_IDS, CHAINS } from "./assets.ts";
import { BillParameters, billText } from "./bill.ts";
import { PayParameters, request, send } from "./pay.ts";
import { describeTerms } from "./payment.ts";
import type { PaymentDesk, PaymentsOptions } from "./payments.ts";
import { reading } from "./reading.ts";
import type { WalletClient } from "./wallet-client.ts";

const TIMEOUT_MS = 40_000;

const WalletParameters = Type.Object(
  { action: Type.Enum(["balance", "address", "history"], { type: "string" }) },
  { additionalProperties: false },
);

/** What the model is offered. None of these moves money: `pay` makes a quote, and a person answers it. */
export function createBankrTools(
  client: WalletClient,
  desk: PaymentDesk,
  tell: PaymentsOptions["tell"],
): readonly SkillTool[] {
  return [
    defineTool({
      name: "wallet",
      description:
        "Your own crypto wallet: what it holds, its address to receive money on, your latest payments and what became of them.",
      parameters: WalletParameters,
      effect: "none",
      timeoutMs: TIMEOUT_MS,
      run: async ({ action }, { signal }) => {
        switch (action) {
          case "balance":
            return { text: await reading(() => balanceText(client, signal)) };
          case "address":
            return { text: await reading(() => addressText(client, signal)) };
          case "history":
            return { text: historyText(desk) };
        }
      },
    }),
    defineTool({
      name: "pay",
      description:
        "send: posts a quote in the chat; money leaves only when a person replies yes to that message, and you cannot confirm it. request: posts your address and the amount to pay you. chain: base unless given.",
      parameters: PayParameters,
      effect: "outside",
      timeoutMs: TIMEOUT_MS,
      run: (wish, call) =>
        wish.action === "send" ? send(client, desk, wish, call) : request(client, tell, wish, call),
    }),
    defineTool({
      name: "split_bill",
      description:
        "Divides a bill exactly: equally, by weight, or with fixed amounts; with `paid`, also who pays whom. Moves no money.",
      parameters: BillParameters,
      effect: "none",
      timeoutMs: 5_000,
      run: async (bill) => ({ text: billText(bill) }),
    }),
  ];
}

async function balanceText(client: WalletClient, signal: AbortSignal): Promise<string> {
  const balances = await client.balances(signal);
  const lines = CHAIN_IDS.flatMap((chain) =>
    ASSET_SYMBOLS.map((asset) => {
      const balance = formatAmount(balances.of(asset, chain) ?? 0n, ASSETS[asset].decimals);
      return `${asset} on ${CHAINS[chain].name}: ${balance}`;
    }),
  );
  // Their names are whatever strangers have called them.
  if (balances.otherTokens > 0)
    lines.push(`${balances.otherTokens} other tokens, which cannot be used here.`);
  return lines.join("\n");
}

const addressText = async (client: WalletClient, signal: AbortSignal): Promise<string> =>
  `${await client.address(signal)}\nIt takes ${ASSET_SYMBOLS.join(" and ")} on ${CHAIN_IDS.map((chain) => CHAINS[chain].name).join(" and ")}.`;

function historyText(desk: PaymentDesk): string {
  const payments = desk.history();
  if (payments.length === 0) return "No payments yet.";
  return payments
    .map(
      ({ state, terms, quotedAtMs, txHash }) =>
        `${new Date(quotedAtMs).toISOString()} ${state}: ${describeTerms(terms)}${txHash === undefined ? "" : `, transaction ${txHash}`}`,
    )
    .join("\n");
}
