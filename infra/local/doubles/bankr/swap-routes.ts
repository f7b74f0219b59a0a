import Type from "typebox";
import { Value } from "typebox/value";
import { type JsonReply, json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import type { Authorizer } from "./authorize.ts";
import { badRequest, errorReply } from "./errors.ts";
import { findToken, formatAmount, type Holding, isChain, type Micros, parseAmount, usdOf } from "./money.ts";
import { problem } from "./partner-routes.ts";
import type { RateWindow } from "./rate-window.ts";
import { isRefused, spend } from "./spending.ts";
import { writer } from "./wallet-routes.ts";

const KEPT_MS = 24 * 3_600_000;
const QUOTE_MS = 30_000;

const QuoteSchema = Type.Object({
  fromChain: Type.String(),
  fromToken: Type.String(),
  toChain: Type.String(),
  toToken: Type.String(),
  amount: Type.String(),
});
const SwapSchema = Type.Intersect([
  QuoteSchema,
  Type.Object({
    minBuyAmount: Type.String(),
    slippageBps: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
    quoteId: Type.Optional(Type.String()),
    idempotencyKey: Type.Optional(Type.String({ pattern: "^[0-9a-fA-F-]{36}$" })),
  }),
]);

/** Misbehaviour of `/wallet/swap` that only this provider has. */
export const SWAP_FAULTS = ["swapReceiptPending", "swapInFlight"] as const;

/** Swaps: what was broadcast under an idempotency key is answered again for a day, never done again. */
export function swapRoutes(account: Account, authorizer: Authorizer, writes: RateWindow): Route[] {
  const writing = writer(account, authorizer, writes);
  return [
    {
      method: "POST",
      path: "/wallet/swap-quote",
      handle(request) {
        const allowed = authorizer.wallet(request, "walletApiEnabled");
        if ("refusal" in allowed) return allowed.refusal;
        if (!Value.Check(QuoteSchema, request.body)) return badRequest(problem(QuoteSchema, request.body));
        const quote = price(request.body);
        if (!quote) return errorReply(400, "no_route", "No route for this pair");
        const buyAmount = formatAmount(quote.bought);
        const expiresAt = new Date(account.nowMs + QUOTE_MS).toISOString();
        return json(200, { success: true, buyAmount, minBuyAmount: buyAmount, expiresAt });
      },
    },
    {
      method: "POST",
      path: "/wallet/swap",
      handle: writing(({ wallet }, { body, providerFault }) => {
        if (!Value.Check(SwapSchema, body)) return badRequest(problem(SwapSchema, body));
        if (providerFault === "swapInFlight")
          return errorReply(409, "duplicate_request", "The swap is in flight");
        const id = body.idempotencyKey && `${wallet.id}/${body.idempotencyKey}`;
        const known = id ? account.swaps.get(id) : undefined;
        if (known && account.nowMs - known.atMs < KEPT_MS) return json(known.status, known.body);
        const quote = price(body);
        const least = parseAmount(body.minBuyAmount);
        if (!quote || least === undefined) return errorReply(400, "no_route", "No route for this pair");
        if (quote.bought < least) return errorReply(400, "price_moved", "Below minBuyAmount");
        const { from, amount, into, bought } = quote;
        const swap = { kind: "swap", from, amount, to: wallet.evmAddress } as const;
        const sent = spend(account, wallet.id, { ...swap, received: { holding: into, amount: bought } });
        // A failure before the broadcast releases the key.
        if (isRefused(sent)) return json(sent.errorCode ? 403 : 400, { success: false, ...sent });
        const answer: JsonReply =
          providerFault === "swapReceiptPending"
            ? errorReply(504, "receipt_pending", "Only the confirmation is missing", {
                transactionHash: sent.hash,
              })
            : json(200, {
                ...{ success: true, status: sent.status, transactionHash: sent.hash },
                buyAmount: formatAmount(bought),
              });
        if (id) account.swaps.put(id, { status: answer.status, body: answer.body, atMs: account.nowMs });
        return answer;
      }),
    },
  ];
}

function price(
  wanted: Record<"fromChain" | "fromToken" | "toChain" | "toToken" | "amount", string>,
): { from: Holding; amount: Micros; into: Holding; bought: Micros } | undefined {
  const { fromChain, toChain } = wanted;
  if (!isChain(fromChain) || !isChain(toChain)) return undefined;
  const sold = findToken(wanted.fromToken, fromChain);
  const bought = findToken(wanted.toToken, toChain);
  const amount = parseAmount(wanted.amount);
  if (!sold || !bought || amount === undefined) return undefined;
  return {
    from: { chain: fromChain, token: sold },
    amount,
    into: { chain: toChain, token: bought },
    bought: Math.floor(usdOf(sold, amount) / bought.usd),
  };
}
