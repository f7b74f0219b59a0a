import { setTimeout as delay } from "node:timers/promises";
import { type Static, Type } from "typebox";
import { GRPC_UNAVAILABLE, GrpcError, StreamReset } from "./grpc-status.ts";
import { MAX_FAULT_LATENCY_MS, MAX_FAULTS } from "./limits.ts";

/** A call that is made to go wrong. As typebox schema, because it also comes in over the control port. */
export const FAULT = Type.Object(
  {
    /** A method's name, such as `SendGroupMessages`, or `*` for every one. */
    method: Type.String(),
    /** Before the effect, which then does not happen, or after it, when it is kept and only the answer fails. */
    when: Type.Union([Type.Literal("before"), Type.Literal("after")]),
    /**
     * unavailable  the status UNAVAILABLE
     * latency      a wait of `latencyMs`, after which the call goes on
     * hang         no answer until the client gives up or the faults are cleared, which makes it UNAVAILABLE
     * reset        the call's HTTP/2 stream is reset, with no status
     */
    kind: Type.Union([
      Type.Literal("unavailable"),
      Type.Literal("latency"),
      Type.Literal("hang"),
      Type.Literal("reset"),
    ]),
    /** How many calls it hits; every one until cleared when absent. */
    times: Type.Optional(Type.Integer({ minimum: 1 })),
    /** For `latency` only, which needs it. */
    latencyMs: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_FAULT_LATENCY_MS })),
  },
  { additionalProperties: false },
);
export type Fault = Static<typeof FAULT>;

/** The faults that wait for their calls, applied in the order they were added: every one that fits a call hits it. */
export class Faults {
  readonly #methods: readonly string[];
  #pending: Fault[] = [];
  #cleared = new AbortController();

  constructor(methods: readonly string[]) {
    this.#methods = methods;
  }

  /** Throws RangeError for a method the node does not have, a latency that is missing, or too many faults. */
  add(fault: Fault): void {
    if (fault.method !== "*" && !this.#methods.includes(fault.method)) {
      throw new RangeError(`there is no method ${fault.method}`);
    }
    if ((fault.kind === "latency") !== (fault.latencyMs !== undefined)) {
      throw new RangeError("latencyMs belongs to the kind latency, and must be there");
    }
    if (this.#pending.length >= MAX_FAULTS) throw new RangeError(`at most ${MAX_FAULTS} faults at a time`);
    this.#pending.push({ ...fault });
  }

  /** Forgets all faults. Calls that hang end as UNAVAILABLE; one that waits out a latency goes on waiting. */
  clear(): void {
    this.#pending = [];
    this.#cleared.abort();
    this.#cleared = new AbortController();
  }

  /** With `times` as what is left of it. */
  list(): readonly Fault[] {
    return this.#pending.map((fault) => ({ ...fault }));
  }

  /** Throws GrpcError or StreamReset; rejects with an AbortError when `signal`, the client's end, aborts a wait. */
  async apply(method: string, when: Fault["when"], signal: AbortSignal): Promise<void> {
    const hits = this.#pending.filter((fault) => fault.when === when && [method, "*"].includes(fault.method));
    for (const fault of hits) {
      if (!this.#pending.includes(fault)) continue; // Cleared, or used up by another call, during a wait.
      this.#use(fault);
      await this.#act(fault, signal);
    }
  }

  #use(fault: Fault): void {
    if (fault.times === undefined) return;
    fault.times -= 1;
    if (fault.times === 0) this.#pending = this.#pending.filter((other) => other !== fault);
  }

  async #act(fault: Fault, signal: AbortSignal): Promise<void> {
    if (fault.kind === "latency") await delay(fault.latencyMs, undefined, { signal });
    if (fault.kind === "hang") await aborted(AbortSignal.any([signal, this.#cleared.signal]));
    if (fault.kind === "reset") throw new StreamReset("reset on request");
    if (fault.kind !== "latency") throw new GrpcError(GRPC_UNAVAILABLE, "unavailable on request");
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
