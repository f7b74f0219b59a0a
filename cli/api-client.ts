import { type Static, type TSchema, Type } from "typebox";
import { Value } from "typebox/value";
import { CommandError, EXIT } from "./command.ts";
import type { ApiCredentials } from "./credentials.ts";

const TIMEOUT_MS = 15_000;
const MAX_ERROR_CHARS = 200;

const Problem = Type.Object({
  code: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  retryable: Type.Boolean(),
  hint: Type.String(),
  detail: Type.Optional(Type.String()),
});

/** A problem document of the gateway. */
export class ApiProblem extends CommandError {
  override readonly name = "ApiProblem";
  readonly problem: Static<typeof Problem>;
  readonly retryAfterMs: number;

  constructor(problem: Static<typeof Problem>, retryAfter: string | null) {
    super(problem.detail === undefined ? problem.title : `${problem.title}: ${problem.detail}`, {
      hint: problem.hint,
    });
    this.problem = problem;
    this.retryAfterMs = Number(retryAfter ?? 1) * 1000;
  }
}

export interface ApiRequest {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The gateway's HTTP API. Throws an ApiProblem, or a CommandError when nothing usable answers. */
export class ApiClient {
  readonly #credentials: ApiCredentials;

  constructor(credentials: ApiCredentials) {
    this.#credentials = credentials;
  }

  get url(): string {
    return this.#credentials.apiUrl.replace(/\/+$/, "");
  }

  async call<T extends TSchema>(schema: T, path: string, request: ApiRequest = {}): Promise<Static<T>> {
    const response = await this.#fetch(path, request);
    const text = await response.text();
    const value = parseJson(text);
    if (response.ok && Value.Check(schema, value)) return value;
    if (!response.ok && Value.Check(Problem, value)) {
      throw new ApiProblem(value, response.headers.get("retry-after"));
    }
    throw new CommandError(
      `${this.url} answers ${response.status} with something else than this version's API`,
      {
        hint: "Check that API_URL names the gateway and that both are of the same version.",
      },
    );
  }

  async #fetch(path: string, request: ApiRequest): Promise<Response> {
    const { method = "GET", body, headers, timeoutMs = TIMEOUT_MS, signal } = request;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await fetch(`${this.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#credentials.apiKey}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw new CommandError(`${this.url} does not answer (${reasonOf(error)})`, {
        hint: "Is the stack running? Start it with `npm start`, or set API_URL and API_KEY to use another one.",
        exitCode: EXIT.unreachable,
        cause: error,
      });
    }
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return error.message.slice(0, MAX_ERROR_CHARS);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whatever it is, it is not the gateway's: the caller says so.
    return undefined;
  }
}
