import type { DatabaseSync } from "node:sqlite";
import { Value } from "typebox/value";
import { Payment, type PaymentStore } from "../../skills/bankr/payment.ts";
import { mayBecome } from "../../skills/bankr/payment-state.ts";
import { transaction } from "./database.ts";
import type { Vault } from "./vault.ts";

/** Of one payment, so that its row cannot stand in for another's. */
const purposeOf = (quoteId: string): string => `payment:${quoteId}`;

/** The payments in the state database: the state in the clear, who gets what from whom sealed. */
export function createPaymentStore(database: DatabaseSync, vault: Vault): PaymentStore {
  const insert = database.prepare(
    "INSERT INTO payment (quote_id, state, quoted_at_ms, body) VALUES (?, ?, ?, ?)",
  );
  const one = database.prepare("SELECT quote_id, state, body FROM payment WHERE quote_id = ?");
  const many = database.prepare(
    `SELECT quote_id, state, body FROM payment
     WHERE quoted_at_ms > ? AND state IN (SELECT value FROM json_each(?)) ORDER BY position DESC`,
  );
  const change = database.prepare("UPDATE payment SET state = ?, body = ? WHERE quote_id = ? AND state = ?");
  const remove = database.prepare(
    `DELETE FROM payment
     WHERE quoted_at_ms < ? AND state IN ('dropped', 'expired', 'sent', 'failed', 'unknown')`,
  );

  const seal = ({ quoteId, state, ...body }: Payment): Buffer =>
    vault.sealText(purposeOf(quoteId), JSON.stringify(body));
  const open = ({ quote_id: quoteId, state, body }: Record<string, unknown>): Payment => {
    if (typeof quoteId !== "string" || !(body instanceof Uint8Array))
      throw new TypeError("a stored payment is malformed");
    const content: unknown = JSON.parse(vault.openText(purposeOf(quoteId), body));
    return Value.Parse(Payment, { ...Object(content), quoteId, state });
  };

  return {
    atomically: (work) => transaction(database, work),
    insert: (payment) => void insert.run(payment.quoteId, payment.state, payment.quotedAtMs, seal(payment)),
    find: (quoteId) => {
      const row = one.get(quoteId);
      return row === undefined ? undefined : open(row);
    },
    list: (states, sinceMs) => many.all(sinceMs, JSON.stringify(states)).map(open),
    move: (payment, to, facts = {}) => {
      if (!mayBecome(payment.state, to))
        throw new TypeError(`a payment that is ${payment.state} cannot become ${to}`);
      const moved: Payment = { ...payment, ...facts, state: to };
      return change.run(to, seal(moved), payment.quoteId, payment.state).changes > 0 ? moved : undefined;
    },
    prune: (beforeMs) => void remove.run(beforeMs),
  };
}
