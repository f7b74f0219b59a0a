import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  isGrpcServiceError,
  makeGrpcRetryInterceptor,
  ServiceError,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from "@temporalio/client";
import { ApplicationFailure, type DataConverter, type UpdateDefinition } from "@temporalio/common";
import { isErrorCode, PlatformError } from "../domain/errors.ts";
import {
  type ClaimId,
  claimWorkflowId,
  type InstanceId,
  instanceWorkflowId,
  type PoolName,
} from "../domain/ids.ts";
import type { EndReason } from "../domain/instance-state.ts";
import { TASK_QUEUES } from "../domain/task-queues.ts";
import { claimStart, explodeStart, poolStart, type WorkflowStart } from "../domain/workflow-starts.ts";
import { WORKFLOW_TYPES } from "../domain/workflow-types.ts";
import {
  type ClaimStart,
  type ExplodeStart,
  type PoolStart,
  type ReconcileStart,
  wake,
} from "../workflows/messages.ts";

/** A start or a signal: more than this and the caller is better served by whoever mends it. */
const CALL_TIMEOUT_MS = 2_000;
const UPDATE_TIMEOUT_MS = 10_000;
const MANUAL_RUN_TIMEOUT_MS = 30_000;
const RETRY_MS = 50;
const RETRY_MAX_MS = 500;
const RECONNECT_MAX_MS = 2_000;

/**
 * What the gateway asks of Temporal. Every call is bounded; when Temporal does not answer in time it throws
 * `unavailable`.
 */
export class Workflows {
  readonly #connection: Connection;
  readonly #client: Client;
  /** What is under way. Each has a signal of its own: the SDK never lets go of one that it was given. */
  readonly #calls = new Map<AbortController, Promise<unknown>>();
  #isGivingUp = false;

  /** Connects with the first call, so that the gateway can start before Temporal does. */
  constructor(address: string, namespace: string, dataConverter: DataConverter) {
    const retries = defaultGrpcRetryOptions({
      initialIntervalMs: () => RETRY_MS,
      maxIntervalMs: () => RETRY_MAX_MS,
    });
    this.#connection = Connection.lazy({
      address,
      // By default the channel waits up to two minutes before it looks whether Temporal is back.
      channelArgs: {
        "grpc.initial_reconnect_backoff_ms": RETRY_MS,
        "grpc.max_reconnect_backoff_ms": RECONNECT_MAX_MS,
      },
      interceptors: [
        makeGrpcRetryInterceptor({
          ...retries,
          retryableDecider: (attempt, status) =>
            !this.#isGivingUp && retries.retryableDecider(attempt, status),
        }),
      ],
    });
    this.#client = new Client({ connection: this.#connection, namespace, dataConverter });
  }

  /** What is under way fails as `unavailable`. */
  giveUp(): void {
    this.#isGivingUp = true;
    for (const cancel of this.#calls.keys()) cancel.abort();
  }

  /** Waits for what is under way: a retry on a closed connection would end the process. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#calls.values());
    await this.#connection.close();
  }

  /** Throws when the frontend does not serve. */
  async check(): Promise<void> {
    await this.#bounded(CALL_TIMEOUT_MS, () => this.#connection.workflowService.getSystemInfo({}));
  }

  startClaim(claimId: ClaimId): Promise<void> {
    return this.#startOnce<ClaimStart>(claimStart(claimId));
  }

  /** Durable when it returns: the Explode runs, or has run. */
  startExplode(instanceId: InstanceId, reason: EndReason): Promise<void> {
    return this.#startOnce<ExplodeStart>(explodeStart(instanceId, reason));
  }

  /** One that has run before and may not run again is as good as started: what was asked for has happened. */
  async #startOnce<Argument>({ type, options }: WorkflowStart<Argument>): Promise<void> {
    await this.#bounded(CALL_TIMEOUT_MS, async () => {
      try {
        await this.#client.workflow.start(type, options);
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    });
  }

  wakeClaim(id: ClaimId): Promise<void> {
    return this.#wake(claimWorkflowId(id));
  }

  wakeInstance(id: InstanceId): Promise<void> {
    return this.#wake(instanceWorkflowId(id));
  }

  /** A workflow that is not there is not woken: it has ended, or Reconcile starts it and then it looks by itself. */
  async #wake(workflowId: string): Promise<void> {
    await this.#bounded(CALL_TIMEOUT_MS, async () => {
      try {
        await this.#client.workflow.getHandle(workflowId).signal(wake);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    });
  }

  async wakePool(pool: PoolName): Promise<void> {
    const { type, options }: WorkflowStart<PoolStart> = poolStart(pool);
    await this.#bounded(CALL_TIMEOUT_MS, () =>
      this.#client.workflow.signalWithStart(type, { ...options, signal: wake }),
    );
  }

  /** Runs an update of the pool's workflow, which is started if it does not run. */
  updatePool<Result, Args extends unknown[]>(
    pool: PoolName,
    update: UpdateDefinition<Result, Args>,
    args: Args,
  ): Promise<Result> {
    const { type, options }: WorkflowStart<PoolStart> = poolStart(pool);
    return this.#bounded(UPDATE_TIMEOUT_MS, () =>
      this.#client.workflow.executeUpdateWithStart(update, {
        args,
        startWorkflowOperation: new WithStartWorkflowOperation(type, options),
      }),
    );
  }

  /** Reconciles now and looks for leaks, or waits for the manual run that is under way; what it answers is passed on. */
  reconcile(): Promise<unknown> {
    return this.#runNow(WORKFLOW_TYPES.reconcile, "Reconcile, asked for by an operator", [
      { leaks: true } satisfies ReconcileStart,
    ]);
  }

  /** Looks for breaches of the invariants, or waits for the look that is under way. */
  audit(): Promise<unknown> {
    return this.#runNow(WORKFLOW_TYPES.audit, "Audit, asked for by an operator");
  }

  async #runNow(type: string, staticSummary: string, args: unknown[] = []): Promise<unknown> {
    return this.#bounded(MANUAL_RUN_TIMEOUT_MS, async () => {
      const run = await this.#client.workflow.start(type, {
        workflowId: `${type}/manual`,
        args,
        taskQueue: TASK_QUEUES.control,
        workflowIdConflictPolicy: "USE_EXISTING",
        workflowIdReusePolicy: "ALLOW_DUPLICATE",
        staticSummary,
      });
      return run.result();
    });
  }

  async #bounded<T>(timeoutMs: number, call: () => Promise<T>): Promise<T> {
    const cancel = new AbortController();
    const running = this.#connection.withAbortSignal(cancel.signal, () =>
      this.#connection.withDeadline(Date.now() + timeoutMs, call),
    );
    this.#calls.set(cancel, running);
    try {
      return await running;
    } catch (error) {
      throw toPlatformError(error);
    } finally {
      this.#calls.delete(cancel);
    }
  }
}

function toPlatformError(error: unknown): unknown {
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
    const { type } = error.cause;
    return new PlatformError(type && isErrorCode(type) ? type : "internal");
  }
  if (
    error instanceof ServiceError ||
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    isGrpcServiceError(error)
  ) {
    return new PlatformError("unavailable", {
      detail: "temporal does not answer; what was asked for may still happen",
    });
  }
  return error;
}
