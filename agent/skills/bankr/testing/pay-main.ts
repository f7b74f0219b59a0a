import { json } from "node:stream/consumers";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { openTestAgent } from "./test-agent.ts";

/** An agent in a process of its own, to be killed: a person answers yes to the quote, and it goes on from there. */
const Orders = Type.Object({
  baseUrl: Type.String(),
  key: Type.String(),
  database: Type.String(),
  quoteId: Type.String(),
  inboxId: Type.String(),
});
const { quoteId, inboxId, ...options } = Value.Parse(Orders, await json(process.stdin));
const { payments } = openTestAgent(options).skill;
payments.resume();
payments.consider({ id: "m1", senderInboxId: inboxId, isPerson: true, text: "yes", replyToQuoteId: quoteId });
