import Type, { type Static } from "typebox";
import { Value } from "typebox/value";

/**
 * - `duplicate`: the event is delivered twice, `drop`: never
 * - `reorder`: after the next event of the same message, at the latest after five seconds
 * - `delay`: five seconds late
 * - `badSignature`, `staleTimestamp` (an hour old, rightly signed): on every attempt
 */
const WebhookFaultSchema = Type.Union([
  Type.Literal("duplicate"),
  Type.Literal("reorder"),
  Type.Literal("drop"),
  Type.Literal("delay"),
  Type.Literal("badSignature"),
  Type.Literal("staleTimestamp"),
]);
export type WebhookFault = Static<typeof WebhookFaultSchema>;

const RuleSchema = Type.Object(
  {
    fault: WebhookFaultSchema,
    /** `message.received`, `message.sent` or `message.finalized`; absent: any. */
    eventType: Type.Optional(Type.String({ maxLength: 64 })),
    times: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false },
);
type Rule = Static<typeof RuleSchema>;

const MAX_RULES = 100;

/** What goes wrong with the next webhooks. The oldest rule that matches an event fires. */
export class WebhookFaults {
  #rules: { rule: Rule; left: number }[] = [];

  /** Adds a rule as it came over the wire or from a test. Throws a RangeError. */
  add(rule: unknown): void {
    if (!Value.Check(RuleSchema, rule)) throw new RangeError("not a webhook fault rule");
    if (this.#rules.length >= MAX_RULES) throw new RangeError(`more than ${MAX_RULES} rules`);
    this.#rules.push({ rule, left: rule.times ?? 1 });
  }

  clear(): void {
    this.#rules = [];
  }

  list(): readonly Rule[] {
    return this.#rules.map(({ rule }) => rule);
  }

  take(eventType: string): WebhookFault | undefined {
    const armed = this.#rules.find(({ rule }) => (rule.eventType ?? eventType) === eventType);
    if (!armed) return undefined;
    armed.left -= 1;
    this.#rules = this.#rules.filter(({ left }) => left > 0);
    return armed.rule.fault;
  }
}
