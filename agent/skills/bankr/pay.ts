import { createHash } from "node:crypto";
import { type Static, Type } from "typebox";
import type { ToolCall, ToolResult } from "../kit/tool.ts";
import { ToolError } from "../kit/tool-error.ts";
import { formatAmount, parseAmount } from "./amount.ts";
import { ASSET_SYMBOLS, ASSETS, CHAIN_IDS, CHAINS } from "./assets.ts";
import { describeTerms } from "./payment.ts";
import type { PaymentDesk, PaymentsOptions } from "./payments.ts";
import { reading } from "./reading.ts";
import { parseRecipient } from "./recipient.ts";
import type { WalletClient } from "./wallet-client.ts";
import { plainNote } from "./words.ts";

/** Some models refuse a choice that does not say of what. */
const TEXT = { type: "string" } as const;

export const PayParameters = Type.Object(
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
export type Wish = Static<typeof PayParameters>;

/** Makes a quote; a person has to have asked for it and to have written the address. */
export async function send(
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

/** Posts where to and how much; nothing is kept of it. */
export async function request(
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
