import proto from "@temporalio/proto";
import { type GrpcProxy, type Rewriting, startGrpcProxy } from "./grpc-proxy.ts";
import { VirtualRun } from "./virtual-run.ts";

const api = proto.temporal.api.workflowservice.v1;
type Task = proto.temporal.api.workflowservice.v1.IPollWorkflowTaskQueueResponse;
type Execution = proto.temporal.api.common.v1.IWorkflowExecution;
type HistoryEvents = proto.temporal.api.history.v1.IHistoryEvent[];

const SERVICE = "/temporal.api.workflowservice.v1.WorkflowService";

/** The server lets timers fire up to a second late otherwise, which would be most of what a skipped one takes. */
export const PROMPT_TIMERS = { "history.timerProcessorMaxTimeShift": "1ms" } as const;

/**
 * Time skipping for a server that cannot do it itself (the dev server of 1.29 ignores `timeSkippingConfig`; 1.32 has
 * it behind a flag): stands between the platform's programs and the real server and keeps a virtual clock for each
 * workflow that a test lets skip. Timers and the pauses between an activity's attempts pass at once; the workflow,
 * and whoever reads its history through the proxy, sees the times at which they would have ended.
 *
 * Only workflow time is virtual: activities, local activities and Postgres go by the real clock, and a timer does not
 * wait for an activity that runs beside it.
 */
export class SkippingProxy {
  readonly #leftMs = new Map<string, number>();
  /** By run id; and the latest by workflow id. */
  readonly #runs = new Map<string, VirtualRun>();
  readonly #latest = new Map<string, VirtualRun>();
  readonly #tasks = new Map<string, { workflowId: string; run: VirtualRun }>();
  #proxy: GrpcProxy | undefined;

  /** `target`: `host:port` of the server. */
  static async start(target: string): Promise<SkippingProxy> {
    const skipping = new SkippingProxy();
    const rewritings = new Map([
      [`${SERVICE}/PollWorkflowTaskQueue`, () => skipping.#poll()],
      [`${SERVICE}/RespondWorkflowTaskCompleted`, () => skipping.#respond()],
      [`${SERVICE}/GetWorkflowExecutionHistory`, () => skipping.#read()],
    ]);
    skipping.#proxy = await startGrpcProxy(target, rewritings);
    return skipping;
  }

  /** `host:port` for clients and workers. */
  get address(): string {
    if (!this.#proxy) throw new Error("the proxy does not run");
    return this.#proxy.address;
  }

  /**
   * From its next command on, the workflow skips timers of so much in all; one that does not fit is waited for. While
   * any is left it skips the pauses between attempts, whatever they come to.
   */
  allow(workflowId: string, ms: number): void {
    this.#leftMs.set(workflowId, ms);
  }

  async close(): Promise<void> {
    await this.#proxy?.close();
  }

  #poll(): Rewriting {
    return {
      response: (message) => {
        const task = api.PollWorkflowTaskQueueResponse.decode(message);
        this.#take(task);
        return api.PollWorkflowTaskQueueResponse.encode(task).finish();
      },
    };
  }

  #respond(): Rewriting {
    let key = "";
    return {
      request: (message) => {
        const answer = api.RespondWorkflowTaskCompletedRequest.decode(message);
        key = keyOf(answer);
        const task = this.#tasks.get(key);
        task?.run.shorten(answer.commands, (ms) => this.#spend(task.workflowId, ms));
        return api.RespondWorkflowTaskCompletedRequest.encode(answer).finish();
      },
      response: (message) => {
        this.#tasks.delete(key);
        const answered = api.RespondWorkflowTaskCompletedResponse.decode(message);
        if (answered.workflowTask) this.#take(answered.workflowTask);
        return api.RespondWorkflowTaskCompletedResponse.encode(answered).finish();
      },
    };
  }

  #read(): Rewriting {
    let execution: Execution = {};
    return {
      request: (message) => {
        execution = api.GetWorkflowExecutionHistoryRequest.decode(message).execution ?? {};
        return message;
      },
      response: (message) => {
        const read = api.GetWorkflowExecutionHistoryResponse.decode(message);
        const { runId, workflowId } = execution;
        const run = runId ? this.#runs.get(runId) : this.#latest.get(workflowId ?? "");
        run?.move(read.history?.events ?? []);
        return api.GetWorkflowExecutionHistoryResponse.encode(read).finish();
      },
    };
  }

  #take(task: Task): void {
    const { workflowId, runId } = task.workflowExecution ?? {};
    if (!workflowId || !runId) return;
    const events = task.history?.events ?? [];
    const run = this.#runs.get(runId) ?? new VirtualRun(this.#aheadOfTheOneBefore(events));
    this.#runs.set(runId, run);
    this.#latest.set(workflowId, run);
    this.#tasks.set(keyOf(task), { workflowId, run });
    run.move(events);
  }

  /** A run that continues another goes on with its clock. */
  #aheadOfTheOneBefore([first]: HistoryEvents): number {
    const before = first?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
    return (before && this.#runs.get(before)?.aheadMs) || 0;
  }

  #spend(workflowId: string, ms: number): boolean {
    const leftMs = this.#leftMs.get(workflowId) ?? 0;
    if (leftMs === 0 || ms > leftMs) return false;
    this.#leftMs.set(workflowId, leftMs - ms);
    return true;
  }
}

const keyOf = ({ taskToken }: { taskToken?: Uint8Array | null }): string =>
  Buffer.from(taskToken ?? []).toString("base64");
