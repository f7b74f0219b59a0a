import { API_KEY } from "./fixture.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON; undefined for an empty body. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely and fail if they are not as expected
  readonly body: any;
  readonly text: string;
}

export interface Call {
  readonly method?: string;
  readonly body?: unknown;
  /** Sent as it is instead of `body`. */
  readonly raw?: string;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** One request with the caller's key. */
export async function call(url: string, path: string, options: Call = {}): Promise<Answer> {
  const { body, raw, headers, token = API_KEY } = options;
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(`${url}${path}`, {
    method: options.method ?? (payload === undefined ? "GET" : "POST"),
    headers: {
      ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
      ...(payload === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(payload === undefined ? {} : { body: payload }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

export const claim = (url: string, key: string, body: unknown, options: Call = {}): Promise<Answer> =>
  call(url, "/api/pool/claim", { body, ...options, headers: { "idempotency-key": key, ...options.headers } });
