import { AgentMailClient as Sdk } from "agentmail";
import { type AgentMailDouble, type AgentMailDoubleOptions, startAgentMailDouble } from "./server.ts";

/** A double with the provider's own SDK, for tests of what a client sees. New inboxes send at once. */
export class TestDouble {
  readonly double: AgentMailDouble;
  /** With the organisation's key. */
  readonly sdk: Sdk;

  private constructor(double: AgentMailDouble) {
    this.double = double;
    this.sdk = this.sdkOf(double.apiKey);
  }

  static async start(options: AgentMailDoubleOptions = {}): Promise<TestDouble> {
    const test = new TestDouble(await startAgentMailDouble(options));
    await test.set({ sendSettleMs: 0 });
    return test;
  }

  sdkOf(apiKey: string): Sdk {
    return new Sdk({ apiKey, baseUrl: this.double.url, maxRetries: 0, timeoutInSeconds: 10 });
  }

  /** A request to a control endpoint; the answer's JSON. */
  async control(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.double.url}/__double/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async set(settings: Record<string, unknown>): Promise<void> {
    await this.control("PATCH", "agentmail/settings", settings);
  }

  async advance(advanceMs: number): Promise<void> {
    await this.control("POST", "clock", { advanceMs });
  }

  mail(inbox: string): Promise<unknown> {
    return this.control("GET", `agentmail/mail?inbox=${encodeURIComponent(inbox)}`);
  }

  receive(letter: Record<string, unknown>): Promise<unknown> {
    const usual = { from: "Ann <ann@outside.example>", subject: "Hello", text: "Good morning" };
    return this.control("POST", "agentmail/receive", { ...usual, ...letter });
  }

  async inbox(username: string): Promise<string> {
    return (await this.sdk.inboxes.create({ username })).inboxId;
  }

  /** The secret of a new key that knows this inbox only. */
  async keyOf(inboxId: string, permissions?: Record<string, boolean>): Promise<string> {
    const made = await this.sdk.inboxes.apiKeys.create(inboxId, {
      name: "agent",
      ...(permissions === undefined ? {} : { permissions }),
    });
    if (!("apiKey" in made)) throw new Error("no bearer key was made");
    return made.apiKey;
  }

  close(): Promise<void> {
    return this.double.close();
  }
}
