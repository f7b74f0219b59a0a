export const PAYMENT_STATES = [
  "quoted",
  "dropped",
  "expired",
  "confirmed",
  "sending",
  "sent",
  "failed",
  "unknown",
] as const;
export type PaymentState = (typeof PAYMENT_STATES)[number];

/**
 * What can become of a payment. `confirmed`: a person has, and nothing has left. `sending`: the one request may have left.
 * `failed`: it is certain that nothing was sent. `unknown`: nobody knows whether it was, and it is never sent again.
 */
const TRANSITIONS: Readonly<Record<PaymentState, readonly PaymentState[]>> = {
  quoted: ["confirmed", "dropped", "expired"],
  dropped: [],
  expired: [],
  confirmed: ["sending", "failed"],
  sending: ["sent", "failed", "unknown"],
  sent: [],
  failed: [],
  unknown: ["sent"],
};

export const mayBecome = (from: PaymentState, to: PaymentState): boolean => TRANSITIONS[from].includes(to);

/** Their amounts count against the limits of the day. */
export const SPENDING_STATES = ["confirmed", "sending", "sent", "unknown"] as const;
