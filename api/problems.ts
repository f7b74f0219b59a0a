import type { FastifyError, FastifyReply, FastifyRequest, FastifySchemaValidationError } from "fastify";
import { ERRORS, type ErrorCode, PlatformError, type Problem, problemOf } from "../domain/errors.ts";
import { describeError, type Log } from "./log.ts";

const CONTENT_TYPE = "application/problem+json";
const DEFAULT_RETRY_AFTER_MS = 2_000;
const MAX_DETAIL_CHARS = 300;

/** What Fastify refuses before a handler runs. */
const FASTIFY_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "payload-too-large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported-media-type",
};

/** The problem document of an error, as it is sent: with the id under which the log has the request. */
export function sendProblem(reply: FastifyReply, error: PlatformError): FastifyReply {
  const problem: Problem & { instance: string } = {
    ...problemOf(error),
    instance: `urn:request:${reply.request.id}`,
  };
  if (problem.retryable) {
    reply.header("retry-after", String(Math.ceil((error.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS) / 1000)));
  }
  if (problem.status === 401) reply.header("www-authenticate", "Bearer");
  // Sent as text: the serializer of the route's schema is for its own answers.
  return reply.code(problem.status).type(CONTENT_TYPE).send(JSON.stringify(problem));
}

/** The one place where errors become answers. What is not of the catalogue is logged and answered as `internal`. */
export function problemHandler(log: Log) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const known = knownError(error);
    if (!known || known.code === "internal" || known.code === "unavailable") {
      log("request-failed", {
        request: request.id,
        route: request.routeOptions.url,
        ...describeError(error),
      });
    }
    return sendProblem(reply, known ?? new PlatformError("internal"));
  };
}

/** The error as one of the catalogue; undefined for a defect. */
export const knownError = (error: unknown): PlatformError | undefined =>
  toPlatformError(error) ?? outage(error);

function toPlatformError(error: unknown): PlatformError | undefined {
  if (error instanceof PlatformError) {
    // An internal error's detail is for the log alone.
    return error.code === "internal" ? new PlatformError("internal") : error;
  }
  if (!isFastifyError(error)) return undefined;
  const { validation, validationContext: part = "request" } = error;
  if (validation) {
    if (part === "headers") return new PlatformError("idempotency-key-required");
    // An id that does not even look like one names nothing.
    if (part === "params") return new PlatformError("not-found");
    return new PlatformError("invalid-request", { detail: describeValidation(part, validation) });
  }
  const code = FASTIFY_CODES[error.code];
  if (code) return new PlatformError(code);
  const status = error.statusCode ?? 500;
  return status >= 400 && status < 500
    ? new PlatformError("invalid-request", { detail: "the request or its body cannot be read" })
    : undefined;
}

/** The classes "connection exception", "insufficient resources", "operator intervention", and of the network. */
const OUTAGE_CODES =
  /^(08...|53...|57...|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/;
/** What the Postgres client says without a code. */
const OUTAGE_MESSAGES =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered)/;
/** Serialization failure and deadlock: of two that met, this one gave way. */
const COLLISION_CODES = /^(40001|40P01)$/;
const POOL_OF_CLAIM = "claims_pool_fkey";

/** What passes by itself: Postgres does not answer, two requests collided, or no worker has made the pool yet. */
function outage(error: unknown): PlatformError | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error ? String(error.code) : "";
  if (OUTAGE_CODES.test(code) || OUTAGE_MESSAGES.test(error.message))
    return new PlatformError("unavailable", { detail: "postgres does not answer" });
  if (COLLISION_CODES.test(code))
    return new PlatformError("unavailable", { detail: "it collided with another request" });
  if (code === "23503" && "constraint" in error && error.constraint === POOL_OF_CLAIM)
    return new PlatformError("unavailable", { detail: "no worker has made the pool yet" });
  return undefined;
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && "code" in error && typeof error.code === "string" && "statusCode" in error;
}

/** Names the field and the rule that it breaks, never its value. */
function describeValidation(part: string, validation: readonly FastifySchemaValidationError[]): string {
  const error = validation.at(-1);
  if (!error) return part;
  const { additionalProperty, allowedValues } = error.params;
  const field = `${part}${error.instancePath}`;
  const rule =
    typeof additionalProperty === "string"
      ? `must not have the field '${additionalProperty}'`
      : Array.isArray(allowedValues)
        ? `must be one of ${allowedValues.join(", ")}`
        : (error.message ?? "is not valid");
  return `${field} ${rule}`.slice(0, MAX_DETAIL_CHARS);
}

/** Every code, for the schema of a problem document. */
export const ERROR_CODES = Object.keys(ERRORS);
