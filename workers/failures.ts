import { ApplicationFailure, type Context } from "@temporalio/activity";
import { CancelledFailure } from "@temporalio/common";
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from "@temporalio/worker";
import { ERRORS, PlatformError } from "../domain/errors.ts";

/**
 * What leaves an activity goes into a history that many can read: a code of the catalogue and a detail of ids and
 * field names. Anything unforeseen is logged here and leaves as `internal`, without its message and its cause.
 */
export class CatalogueFailures implements ActivityInboundCallsInterceptor {
  readonly #context: Context;
  readonly #log: (event: object) => void;

  constructor(context: Context, log: (event: object) => void) {
    this.#context = context;
    this.#log = log;
  }

  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, "execute">,
  ): Promise<unknown> {
    try {
      return await next(input);
    } catch (error) {
      if (error instanceof ApplicationFailure || error instanceof CancelledFailure) throw error;
      const failure = this.#failureOf(error);
      // Its own stack would say no more than where this line stands, with the paths of the machine.
      failure.stack = `${failure.type}: ${failure.message}`;
      throw failure;
    }
  }

  #failureOf(error: unknown): ApplicationFailure {
    if (error instanceof PlatformError) {
      const { title } = ERRORS[error.code];
      return ApplicationFailure.create({
        type: error.code,
        message: error.detail ? `${title}: ${error.detail}` : title,
        ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: error.retryAfterMs }),
      });
    }
    const { activityType, attempt, workflowExecution } = this.#context.info;
    this.#log({
      event: "activity-failed",
      activity: activityType,
      attempt,
      workflowId: workflowExecution?.workflowId,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return ApplicationFailure.create({ type: "internal", message: ERRORS.internal.title });
  }
}
