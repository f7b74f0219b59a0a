import { type ErrorCode, PlatformError } from "../../domain/errors.ts";
import { retryAfterMs } from "../resources/network-failure.ts";

/**
 * The provider does not know an id. Of something made within the last half minute it means that reads lag, so it
 * is `transient`; of an old id it means gone, which only a list proves.
 */
export class NotFoundError extends PlatformError {
  constructor() {
    super("transient", { detail: "the provider does not know the id (yet)" });
  }
}

interface Row {
  /** What the message contains, in whatever case. */
  contains: string;
  code: ErrorCode;
  retryAfterMs?: number;
}

const PROJECT_PAUSE_MS = 31_000;
const VOLUME_PAUSE_MS = 30_000;
const EDGE_PAUSE_MS = 30_000;

/**
 * Failures come as HTTP 200 with one and the same code, so they are known by their words. The first row that fits
 * counts. "Not Authorized" is said of a bad token, a foreign id and a deleted one alike: it never means "gone".
 * Source: observed messages; there is no published list.
 */
const ROWS: readonly Row[] = [
  { contains: "not authorized", code: "denied" },
  { contains: "two factor authentication required", code: "denied" },
  { contains: "project token not found", code: "denied" },
  { contains: "only one project can be created", code: "throttled", retryAfterMs: PROJECT_PAUSE_MS },
  { contains: "only one environment can be created", code: "throttled", retryAfterMs: PROJECT_PAUSE_MS },
  { contains: "creating projects too quickly", code: "throttled", retryAfterMs: PROJECT_PAUSE_MS },
  { contains: "creating environments too quickly", code: "throttled", retryAfterMs: PROJECT_PAUSE_MS },
  { contains: "creating volumes too quickly", code: "throttled", retryAfterMs: VOLUME_PAUSE_MS },
  { contains: "operation already in progress", code: "transient" },
  { contains: "cannot redeploy yet", code: "transient" },
  { contains: "cannot redeploy without a snapshot", code: "conflict" },
  { contains: "already exists", code: "conflict" },
  { contains: "failed to create service domain", code: "ambiguous" },
  { contains: "problem processing request", code: "ambiguous" },
  { contains: "invalid ", code: "invalid" },
];

/** A failure by its message, which is not kept: it may quote what was sent. */
export function classifyMessage(message: string): PlatformError {
  const text = message.toLowerCase();
  const row = ROWS.find(({ contains }) => text.includes(contains));
  if (row !== undefined) {
    const { contains: detail, code, retryAfterMs } = row;
    return new PlatformError(code, { detail, ...(retryAfterMs !== undefined && { retryAfterMs }) });
  }
  if (text.includes("not found")) return new NotFoundError();
  return new PlatformError("ambiguous", { detail: "a failure with an unknown message" });
}

/** An answer that is not the API's own 200: of its rate limit, of a proxy, or of a gateway that gave up waiting. */
export function classifyResponse(status: number, headers: Headers, text: string): PlatformError {
  const detail = `status ${status}`;
  const pauseMs = headers.has("retry-after") ? retryAfterMs(headers) : EDGE_PAUSE_MS;
  if (status === 429) return new PlatformError("throttled", { detail, retryAfterMs: pauseMs });
  if (isPage(headers, text)) {
    // The edge's own rate limit, before the API has seen the request.
    if (/\b1015\b/.test(text)) return new PlatformError("throttled", { detail, retryAfterMs: pauseMs });
    return new PlatformError("ambiguous", { detail: `${detail}: a page instead of an answer` });
  }
  if (status === 400) return new PlatformError("invalid", { detail });
  if (status === 401 || status === 403) return new PlatformError("denied", { detail });
  return new PlatformError("ambiguous", { detail });
}

const isPage = (headers: Headers, text: string): boolean =>
  (headers.get("content-type") ?? "").includes("html") || text.trimStart().startsWith("<");
