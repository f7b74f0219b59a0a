import { type OpenRouterDouble, type OpenRouterDoubleOptions, startOpenRouterDouble } from "./server.ts";

export const MODEL = "anthropic/claude-sonnet-4.5";

export interface Answer {
  status: number;
  headers: Headers;
  /** Reads a value of the JSON body by its path, undefined when there is none. */
  at(...path: (string | number)[]): unknown;
}

/** A double with a plain HTTP client, for tests of what goes over the wire. */
export class TestDouble {
  readonly double: OpenRouterDouble;

  private constructor(double: OpenRouterDouble) {
    this.double = double;
  }

  static async start(options: OpenRouterDoubleOptions = {}): Promise<TestDouble> {
    return new TestDouble(await startOpenRouterDouble(options));
  }

  fetch(method: string, path: string, key: string | null, body?: unknown): Promise<Response> {
    const url = path.startsWith("/__double") ? new URL(path, this.double.url) : `${this.double.url}${path}`;
    const authorization = key === null ? {} : { authorization: `Bearer ${key}` };
    const content =
      body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
    return fetch(url, {
      method,
      headers: { "content-type": "application/json", ...authorization },
      ...content,
    });
  }

  async call(method: string, path: string, key: string | null, body?: unknown): Promise<Answer> {
    const response = await this.fetch(method, path, key, body);
    const parsed: unknown = await response.json();
    return { status: response.status, headers: response.headers, at: (...steps) => descend(parsed, steps) };
  }

  /** A call with the management key. */
  manage(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.call(method, path, this.double.managementKey, body);
  }

  async createKey(fields: Record<string, unknown> = {}): Promise<{ hash: string; secret: string }> {
    const answer = await this.manage("POST", "/keys", { name: "a-key", ...fields });
    return { hash: String(answer.at("data", "hash")), secret: String(answer.at("key")) };
  }

  chat(key: string, text: string, fields: Record<string, unknown> = {}): Promise<Answer> {
    const messages = [{ role: "user", content: text }];
    return this.call("POST", "/chat/completions", key, { model: MODEL, messages, ...fields });
  }

  async advance(advanceMs: number): Promise<void> {
    await this.call("POST", "/__double/clock", null, { advanceMs });
  }

  set(settings: Record<string, unknown>): Promise<Answer> {
    return this.call("PATCH", "/__double/openrouter/settings", null, settings);
  }

  close(): Promise<void> {
    return this.double.close();
  }
}

function descend(value: unknown, steps: (string | number)[]): unknown {
  let current = value;
  for (const step of steps) {
    if (typeof current !== "object" || current === null) return undefined;
    current = Object.getOwnPropertyDescriptor(current, step)?.value;
  }
  return current;
}
