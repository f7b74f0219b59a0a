import Type, { type Static } from "typebox";
import { Value } from "typebox/value";

const FaultSchema = Type.Union([
  Type.Object({ kind: Type.Literal("latency"), ms: Type.Integer({ minimum: 0, maximum: 600_000 }) }),
  Type.Object({ kind: Type.Literal("hang") }),
  Type.Object({ kind: Type.Literal("reset") }),
  Type.Object({
    kind: Type.Literal("status"),
    status: Type.Integer({ minimum: 200, maximum: 599 }),
    body: Type.Optional(Type.Unknown()),
    headers: Type.Optional(Type.Record(Type.String(), Type.String())),
  }),
  Type.Object({
    kind: Type.Literal("html"),
    status: Type.Optional(Type.Integer({ minimum: 200, maximum: 599 })),
  }),
  Type.Object({ kind: Type.Literal("truncatedJson") }),
  Type.Object({
    kind: Type.Literal("429"),
    retryAfterSeconds: Type.Optional(Type.Integer({ minimum: 0 })),
  }),
  Type.Object({ kind: Type.Literal("provider"), name: Type.String({ minLength: 1, maxLength: 64 }) }),
]);

const FaultRuleSchema = Type.Object(
  {
    match: Type.Object(
      {
        method: Type.Optional(Type.String({ maxLength: 16 })),
        /** Regular expression over the path without its query. */
        path: Type.Optional(Type.String({ maxLength: 500 })),
        /** Regular expression over the request body, for protocols with a single path. */
        body: Type.Optional(Type.String({ maxLength: 500 })),
      },
      { additionalProperties: false },
    ),
    fault: FaultSchema,
    position: Type.Optional(Type.Union([Type.Literal("before"), Type.Literal("after")])),
    nth: Type.Optional(Type.Integer({ minimum: 1 })),
    times: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false },
);

/**
 * What goes wrong. `provider` names a misbehaviour only one provider has (its document lists them);
 * the rest work on any route. `html` is 502 unless told otherwise.
 */
export type Fault = Static<typeof FaultSchema>;

/**
 * A rule fires from the `nth` matching request on (default the first), `times` times (default once).
 * `before` (the default): the request has no effect. `after`: the effect is kept, the client sees the failure.
 */
export type FaultRule = Static<typeof FaultRuleSchema>;

export interface ActiveFault {
  fault: Fault;
  position: "before" | "after";
}

interface ArmedRule {
  rule: FaultRule;
  path: RegExp | undefined;
  body: RegExp | undefined;
  seen: number;
  fired: number;
}

const MAX_RULES = 100;

/** Thrown for a rule that is not well formed; the message says which part. */
export class InvalidFaultRule extends Error {}

export class FaultBook {
  #rules: ArmedRule[] = [];
  readonly #providerFaults: readonly string[];

  constructor(providerFaults: readonly string[]) {
    this.#providerFaults = providerFaults;
  }

  /** Adds a rule as it came over the wire or from a test. Throws InvalidFaultRule. */
  add(rule: unknown): void {
    if (!Value.Check(FaultRuleSchema, rule)) {
      const first = Value.Errors(FaultRuleSchema, rule)[0];
      throw new InvalidFaultRule(
        `not a fault rule: ${first?.instancePath || "/"} ${first?.message ?? ""}`.trim(),
      );
    }
    if (this.#rules.length >= MAX_RULES) throw new InvalidFaultRule(`more than ${MAX_RULES} fault rules`);
    const { fault } = rule;
    if (fault.kind === "provider" && !this.#providerFaults.includes(fault.name)) {
      throw new InvalidFaultRule(
        `this provider's own faults are: ${this.#providerFaults.join(", ") || "none"}`,
      );
    }
    this.#rules.push({
      rule,
      path: compile(rule.match.path),
      body: compile(rule.match.body),
      seen: 0,
      fired: 0,
    });
  }

  clear(): void {
    this.#rules = [];
  }

  /** The rules still armed, with how often each has matched and fired. */
  list(): { rule: FaultRule; seen: number; fired: number }[] {
    return this.#rules.map(({ rule, seen, fired }) => ({ rule, seen, fired }));
  }

  /** The fault for this request, if a rule fires. The oldest rule wins; every matching rule counts it. */
  take(method: string, path: string, body: string): ActiveFault | undefined {
    let active: ActiveFault | undefined;
    for (const armed of this.#rules) {
      if (!matches(armed, method, path, body)) continue;
      armed.seen += 1;
      if (active || armed.seen < (armed.rule.nth ?? 1)) continue;
      armed.fired += 1;
      active = { fault: armed.rule.fault, position: armed.rule.position ?? "before" };
    }
    this.#rules = this.#rules.filter((armed) => armed.fired < (armed.rule.times ?? 1));
    return active;
  }
}

function matches(armed: ArmedRule, method: string, path: string, body: string): boolean {
  const wanted = armed.rule.match.method;
  if (wanted !== undefined && wanted.toUpperCase() !== method) return false;
  if (armed.path && !armed.path.test(path)) return false;
  return !armed.body || armed.body.test(body);
}

function compile(pattern: string | undefined): RegExp | undefined {
  if (pattern === undefined) return undefined;
  try {
    return new RegExp(pattern);
  } catch {
    throw new InvalidFaultRule("match is not a regular expression");
  }
}
