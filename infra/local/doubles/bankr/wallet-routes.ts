import { randomBytes } from "node:crypto";
import Type from "typebox";
import { Value } from "typebox/value";
import { json, type Reply } from "../base/reply.ts";
import type { DoubleRequest, Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import type { Authorizer, Caller } from "./authorize.ts";
import { badRequest, throttled } from "./errors.ts";
import { CHAIN_IDS, findToken, isChain, parseAmount } from "./money.ts";
import { problem } from "./partner-routes.ts";
import { portfolio } from "./portfolio.ts";
import type { RateWindow } from "./rate-window.ts";
import { isRefused, spend } from "./spending.ts";

const ADDRESS = "^0x[0-9a-fA-F]{40}$";
const WEI_PER_MICRO = 1_000_000_000_000n;

/** As documented now, and with the shorter names that integrations use. */
const TransferSchema = Type.Object({
  recipientAddress: Type.Optional(Type.String({ pattern: ADDRESS })),
  to: Type.Optional(Type.String({ pattern: ADDRESS })),
  tokenAddress: Type.Optional(Type.String()),
  token: Type.Optional(Type.String()),
  isNativeToken: Type.Optional(Type.Boolean()),
  amount: Type.String(),
  chain: Type.Optional(Type.String()),
});
const SubmitSchema = Type.Object({
  transaction: Type.Object({
    to: Type.String({ pattern: ADDRESS }),
    chainId: Type.Integer(),
    value: Type.Optional(Type.String({ pattern: "^(\\d{1,30}|0x[0-9a-fA-F]{1,24})$" })),
    data: Type.Optional(Type.String()),
  }),
  description: Type.Optional(Type.String()),
  waitForConfirmation: Type.Optional(Type.Boolean()),
});
const SignSchema = Type.Object({
  signatureType: Type.Union(
    ["personal_sign", "eth_signTypedData_v4", "eth_signTransaction"].map((name) => Type.Literal(name)),
  ),
});

/** Misbehaviour of `/wallet/submit` that only this provider has. */
export const SUBMIT_FAULTS = ["submitReverted", "submitPending"] as const;

/** `/wallet/…` without the swaps: what a wallet's own key may do. */
export function walletRoutes(account: Account, authorizer: Authorizer, writes: RateWindow): Route[] {
  const reading = (handle: (caller: Caller, request: DoubleRequest) => Reply) => (request: DoubleRequest) => {
    const allowed = authorizer.wallet(request);
    return "refusal" in allowed ? allowed.refusal : handle(allowed.caller, request);
  };
  const writing = writer(account, authorizer, writes);
  return [
    {
      method: "GET",
      path: "/wallet/me",
      handle: reading(({ wallet: { evmAddress } }) =>
        json(200, { success: true, wallets: [{ chain: "evm", address: evmAddress }] }),
      ),
    },
    {
      method: "GET",
      path: "/wallet/portfolio",
      handle: reading(({ wallet }, { query }) => portfolio(wallet, query)),
    },
    {
      method: "POST",
      path: "/wallet/transfer",
      handle: writing(({ wallet }, { body }) => {
        if (!Value.Check(TransferSchema, body)) return badRequest(problem(TransferSchema, body));
        const to = body.recipientAddress ?? body.to;
        const amount = parseAmount(body.amount);
        const chain = body.chain ?? "base";
        const name = body.isNativeToken ? "native" : (body.tokenAddress ?? body.token ?? "");
        const token = isChain(chain) ? findToken(name, chain) : undefined;
        if (!to || !token || amount === undefined || !isChain(chain))
          return badRequest("recipient, token, amount or chain");
        const sent = spend(account, wallet.id, { kind: "transfer", from: { chain, token }, amount, to });
        if (isRefused(sent)) return json(400, { success: false, ...sent });
        return json(200, {
          success: true,
          txHash: sent.hash,
          transactionHash: sent.hash,
          status: sent.status,
        });
      }),
    },
    {
      method: "POST",
      path: "/wallet/sign",
      handle: writing(({ wallet }, { body }) => {
        if (!Value.Check(SignSchema, body)) return badRequest(problem(SignSchema, body));
        const signature = `0x${randomBytes(65).toString("hex")}`;
        return json(200, {
          success: true,
          signature,
          signer: wallet.evmAddress,
          signatureType: body.signatureType,
        });
      }),
    },
    {
      method: "POST",
      path: "/wallet/submit",
      handle: writing(({ wallet }, { body, providerFault }) => {
        if (!Value.Check(SubmitSchema, body)) return badRequest(problem(SubmitSchema, body));
        const { to, chainId, value = "0" } = body.transaction;
        const chain = CHAIN_IDS[chainId];
        const token = chain && findToken("native", chain);
        if (!chain || !token) return badRequest("transaction.chainId");
        const isPending = providerFault === "submitPending" || body.waitForConfirmation === false;
        const sent = spend(account, wallet.id, {
          ...{ kind: "submit", from: { chain, token }, amount: Number(BigInt(value) / WEI_PER_MICRO), to },
          status: providerFault === "submitReverted" ? "reverted" : isPending ? "pending" : "success",
        });
        if (isRefused(sent)) return json(sent.errorCode ? 403 : 400, { success: false, ...sent });
        const { hash, status } = sent;
        const isReverted = status === "reverted";
        return json(isReverted ? 400 : 200, { success: !isReverted, transactionHash: hash, status, chainId });
      }),
    },
  ];
}

/** Lets only keys that may write through, and only so many writes a minute. */
export function writer(account: Account, authorizer: Authorizer, writes: RateWindow) {
  return (handle: (caller: Caller, request: DoubleRequest) => Reply) => (request: DoubleRequest) => {
    const allowed = authorizer.wallet(request, "walletApiEnabled", true);
    if ("refusal" in allowed) return allowed.refusal;
    if (!writes.take(account.nowMs, account.settings.walletWritesPerMinute)) return throttled(undefined);
    return handle(allowed.caller, request);
  };
}
