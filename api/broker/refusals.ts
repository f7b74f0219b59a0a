import type { FastifyReply, FastifyRequest } from "fastify";
import type { ErrorCode, PlatformError } from "../../domain/errors.ts";
import { describeError, type Log } from "../log.ts";
import { knownError } from "../problems.ts";

/** An error in a provider's own words, as its clients understand it. */
export interface Refusal {
  readonly status: number;
  readonly body: object;
}

/** What was sent and may have been done: a client that repeats it by itself would do it twice. */
export const MAY_HAVE_ACTED = "It may have been carried out all the same: look before you repeat it.";

/** Says the errors of one provider's part of the broker as that provider would. */
export function refusalHandler(
  log: Log,
  refuse: (code: ErrorCode, error: PlatformError | undefined) => Refusal,
) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const known = knownError(error);
    const code = known?.code ?? "internal";
    if (code === "internal" || code === "unavailable")
      log("request-failed", {
        request: request.id,
        route: request.routeOptions.url,
        ...describeError(error),
      });
    const { status, body } = refuse(code, known);
    const afterMs = known?.retryAfterMs;
    if (status === 429) reply.header("retry-after", String(Math.ceil((afterMs ?? 1_000) / 1000)));
    if (code === "ambiguous") reply.header("x-should-retry", "false");
    return reply.code(status).type("application/json").send(JSON.stringify(body));
  };
}
