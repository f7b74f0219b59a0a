import { json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import { settleOrders } from "./orders.ts";

/** `/balance`: falls with every number and message. */
export const balanceRoutes = (account: Account): Route[] => [
  {
    method: "GET",
    path: "/v2/balance",
    handle() {
      settleOrders(account);
      const balance = account.balanceUsd.toFixed(4);
      return json(200, {
        data: {
          record_type: "balance",
          balance,
          available_credit: balance,
          credit_limit: "0.00",
          pending: "0.00",
          currency: "USD",
        },
      });
    },
  },
];
