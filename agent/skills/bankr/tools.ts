import { createHash } from "node:crypto";
import { type Static, Type } from "typebox";
import { defineTool, type SkillTool, type ToolCall, type ToolResult } from "../kit/tool.ts";
import { ToolError } from "../kit/tool-error.ts";
import { formatAmount, parseAmount } from "./amount.ts";
import { ASSET_SYMBOLS, ASSETS, CHAIN_IDS, CHAINS } from "./assets.ts";
import { BillParameters, billText } from "./bill.ts";
import { describeTerms } from "./payment.ts";
import type { PaymentDesk, PaymentsOptions } from "./payments.ts";
import { parseRecipient } from "./recipient.ts";
import type { WalletClient } from "./wallet-client.ts";
import { WalletError } from "./wallet-error.ts";
import { FAILURES, plainNote } from "./words.ts";

const TIMEOUT_MS = 40_000;

/** Some models refuse a choice that does not say of what. */
const TEXT = { type: "string" } as const;

const PayParameters = Type.Object(
  {
    action: Type.Enum(["send", "request"], TEXT),
    amount: Type.String({ description: 'such as "5.25"' }),
    asset: Type.Enum(ASSET_SYMBOLS, TEXT),
    chain: Type.Optional(Type.Enum(CHAIN_IDS, TEXT)),
    to: Type.Optional(Type.String({ description: "full 0x address, written by a person here" })),
    note: Type.Optional(Type.String({ maxLength: 200 })),
  },
  { additionalProperties: false },
);
const WalletParameters = Type.Object(
  { action: Type.Enum(["balance", "address", "history"], TEXT) },
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

type Wish = Static<typeof PayParameters>;

async function send(
  client: WalletClient,
  desk: PaymentDesk,
  wish: Wish,
  call: ToolCall,
): Promise<ToolResult> {
  call.mandate.requirePerson();
  if (wish.to === undefined)
    throw new ToolError("`to` is missing. Ask the person for the recipient's 0x address.");
  const to = parseRecipient(wish.to);
  call.mandate.requireNamed([to]);
  const { asset, chain = "base" } = wish;
  const amount = amountOf(wish);
  const note = wish.note === undefined ? undefined : plainNote(wish.note);
  const { own, balance } = await reading(async () => ({
    own: await client.address(call.signal),
    balance: (await client.balances(call.signal)).of(asset, chain) ?? 0n,
  }));
  if (own.toLowerCase() === to.toLowerCase()) throw new ToolError("That is the wallet's own address.");
  const terms = { to, amount: amount.toString(), asset, chain, ...(note === undefined ? {} : { note }) };
  const { payment, isNew } = desk.quote(terms, balance);
  const how = isNew ? "has been posted in the chat" : "is in the chat already";
  return {
    text: `The quote ${how}: ${describeTerms(payment.terms)}. Nothing has been sent. It waits for a person to reply to that message; what comes of it is told in the chat without you. Do not say that it is sent or confirmed.`,
  };
}

async function request(
  client: WalletClient,
  tell: PaymentsOptions["tell"],
  wish: Wish,
  call: ToolCall,
): Promise<ToolResult> {
  call.mandate.requirePerson();
  if (wish.to !== undefined) throw new ToolError("A request is for your own wallet; leave `to` out.");
  const { asset, chain = "base" } = wish;
  const amount = formatAmount(amountOf(wish), ASSETS[asset].decimals);
  const note = wish.note === undefined ? undefined : plainNote(wish.note);
  const own = await reading(() => client.address(call.signal));
  const chainName = CHAINS[chain].name;
  const purpose = note === undefined ? "" : ` (for “${note}”)`;
  const id = createHash("sha256")
    .update(JSON.stringify([call.callId, wish]))
    .digest("hex")
    .slice(0, 16);
  tell(
    `request:${id}`,
    `Please send ${amount} ${asset} on ${chainName}${purpose} to my wallet:\n${own}\nOnly ${asset} on ${chainName}; what comes another way may be lost.`,
  );
  return {
    text: "The request has been posted in the chat, with the address. Look at the balance to see whether it was paid.",
  };
}

function amountOf({ amount: text, asset }: Wish): bigint {
  const { decimals } = ASSETS[asset];
  const amount = parseAmount(text, decimals);
  if (amount === undefined || amount === 0n)
    throw new ToolError(
      `amount: write digits and a point, above 0, with at most ${decimals} places for ${asset}.`,
    );
  return amount;
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

/** What is wrong with the wallet, in a sentence for the model. */
async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof WalletError)) throw error;
    throw new ToolError(`It cannot be done now: ${FAILURES[error.failure]}. Tell the person so.`, {
      cause: error,
    });
  }
}
