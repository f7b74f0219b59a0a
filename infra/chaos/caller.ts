import { setTimeout as delay } from "node:timers/promises";
import type { KeyRecord, Memory } from "./memory.ts";
import type { Plan } from "./plan.ts";
import { type Reply, send, type Target } from "./requests.ts";

/** A caller that knows nothing of its claim after this long takes it for lost. Longer than any outage of a run. */
const PATIENCE_MS = 300_000;
const BACK_OFF_MS = { first: 50, longest: 1_000 };
const ADMISSION_LOOK_MS = 200;
const MAX_REJECTIONS = 3;

/** Plays one caller to its end and writes down everything that it was told. */
export async function playCaller(target: Target, plan: Plan, memory: Memory): Promise<void> {
  const record = memory.open(plan.key);
  const caller = new Caller(target, plan, memory, record);
  if (!(await caller.untilServed())) return;
  await delay(plan.holdMs);
  if (plan.isAskedAgain) await caller.askOnce();
  if (!plan.isKept) await caller.explode();
}

class Caller {
  readonly #target: Target;
  readonly #plan: Plan;
  readonly #memory: Memory;
  readonly #record: KeyRecord;
  readonly #hangUpsMs: number[];
  readonly #deadline = performance.now() + PATIENCE_MS;
  #waitMs: number = BACK_OFF_MS.first;
  #rejections = 0;

  constructor(target: Target, plan: Plan, memory: Memory, record: KeyRecord) {
    this.#target = target;
    this.#plan = plan;
    this.#memory = memory;
    this.#record = record;
    this.#hangUpsMs = [...plan.hangUpsMs];
  }

  /** True when it is live; false when the claim ended otherwise, which is in the record. */
  async untilServed(): Promise<boolean> {
    while (performance.now() < this.#deadline) {
      const reply = await this.askOnce();
      if (this.#record.refusedFor !== undefined) return false;
      if (reply.kind === "answered" && reply.answer.status === "live") return true;
      if (reply.kind === "accepted" && this.#plan.behaviour === "cancelling" && (await this.#cancel()))
        return false;
      if (reply.kind === "refused" && this.#givesUp(reply.code)) return false;
      await this.#pauseAfter(reply);
    }
    this.#record.unanswered = true;
    return false;
  }

  /** Asks with its key, twice at once where that is the plan. */
  async askOnce(): Promise<Reply> {
    const { key, body, waitMs, behaviour } = this.#plan;
    const hangUpMs = this.#hangUpsMs.shift();
    const ask = () =>
      send(this.#target, "POST", "/api/pool/claim", { key, body: { ...body, waitMs }, hangUpMs });
    const replies = await Promise.all(behaviour === "doubled" ? [ask(), ask()] : [ask()]);
    for (const reply of replies) this.#note(reply);
    return replies.find(({ kind }) => kind === "answered") ?? replies[0] ?? { kind: "no-answer" };
  }

  /** Until its end is certain: 202, or 410 when an earlier request got through that broke off. */
  async explode(): Promise<void> {
    const instanceId = this.#record.answers.at(-1)?.instanceId ?? "";
    this.#record.ending = "exploded";
    await this.#untilTaken("POST", `/api/instances/${instanceId}/explode`, ["gone"]);
  }

  /** True when the claim is over; false when it has become live first. */
  async #cancel(): Promise<boolean> {
    const [claimId = ""] = this.#record.accepted;
    const reply = await this.#untilTaken("DELETE", `/api/claims/${claimId}`, ["conflict"]);
    if (reply?.kind !== "done") return false;
    this.#record.ending = "cancelled";
    return true;
  }

  async #untilTaken(
    method: "POST" | "DELETE",
    path: string,
    alsoTaken: readonly string[],
  ): Promise<Reply | undefined> {
    this.#waitMs = BACK_OFF_MS.first;
    while (performance.now() < this.#deadline + PATIENCE_MS) {
      const reply = await send(this.#target, method, path, method === "POST" ? { body: {} } : {});
      if (reply.kind === "done") return reply;
      if (reply.kind === "refused" && alsoTaken.includes(reply.code)) return reply;
      this.#note(reply);
      await this.#pauseAfter(reply);
    }
    this.#record.unanswered = true;
    return undefined;
  }

  #note(reply: Reply): void {
    if (reply.kind === "answered") this.#memory.answered(this.#record, reply.answer);
    if (reply.kind === "accepted") this.#record.accepted.add(reply.claimId);
    if (reply.kind === "no-answer") this.#memory.refused(reply.kind);
    if (reply.kind !== "refused") return;
    this.#memory.refused(reply.code);
    if (reply.isFinal) this.#record.refusedFor = reply.code;
  }

  #givesUp(code: string): boolean {
    if (this.#plan.behaviour !== "rejecting" || code !== "pool-empty") return false;
    this.#rejections += 1;
    return this.#rejections >= MAX_REJECTIONS;
  }

  async #pauseAfter(reply: Reply): Promise<void> {
    if (reply.kind === "answered") return delay(ADMISSION_LOOK_MS);
    await delay(this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 2, BACK_OFF_MS.longest);
  }
}
