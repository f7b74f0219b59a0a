import Type from "typebox";
import { Value } from "typebox/value";
import { json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import { settingsRoute } from "../base/settings-route.ts";
import type { Account } from "./account.ts";
import { findToken, isChain, parseAmount } from "./money.ts";
import { SettingsSchema } from "./settings.ts";
import { fund } from "./spending.ts";

const SettingsChangeSchema = Type.Partial(SettingsSchema, { additionalProperties: false });
const FundSchema = Type.Object(
  {
    /** Its id, its address, or the idempotency key it was made with. */
    wallet: Type.String(),
    chain: Type.Optional(Type.String()),
    token: Type.String(),
    amount: Type.String(),
  },
  { additionalProperties: false },
);

/** The control endpoints of this double alone: its settings, and money from outside. */
export function bankrControl(account: Account): Route[] {
  return [
    settingsRoute("bankr", SettingsChangeSchema, (change) => account.changeSettings(change)),
    {
      method: "POST",
      path: "/__double/bankr/fund",
      handle({ body }) {
        if (!Value.Check(FundSchema, body))
          return json(400, { error: "expected {wallet, chain?, token, amount}" });
        const wallet =
          account.wallet(body.wallet) ?? account.wallets().find((one) => one.idempotencyKey === body.wallet);
        const chain = body.chain ?? "base";
        const token = isChain(chain) ? findToken(body.token, chain) : undefined;
        const amount = parseAmount(body.amount);
        if (!wallet || !token || amount === undefined || !isChain(chain)) {
          return json(400, { error: "no such wallet, chain or token, or not an amount" });
        }
        fund(account, wallet, { chain, token }, amount);
        return json(200, { wallet: wallet.id });
      },
    },
  ];
}
