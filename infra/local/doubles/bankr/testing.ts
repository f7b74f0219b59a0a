import { type BankrDouble, type BankrDoubleOptions, startBankrDouble } from "./server.ts";

export interface Answer {
  status: number;
  /** Reads a value of the JSON body by its path, undefined when there is none. */
  at(...path: (string | number)[]): unknown;
}

/** A key that may do everything. */
export const FULL = { walletApiEnabled: true, agentApiEnabled: true, readOnly: false };

/** A double with a plain HTTP client, for tests of what goes over the wire. */
export class TestDouble {
  readonly double: BankrDouble;

  private constructor(double: BankrDouble) {
    this.double = double;
  }

  static async start(options: BankrDoubleOptions = {}): Promise<TestDouble> {
    return new TestDouble(await startBankrDouble(options));
  }

  async call(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: unknown,
  ): Promise<Answer> {
    const response = await fetch(`${this.double.url}${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const parsed: unknown = await response.json();
    return { status: response.status, at: (...steps) => descend(parsed, steps) };
  }

  partner(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.call(method, `/partner/wallets${path}`, { "x-partner-key": this.double.partnerKey }, body);
  }

  user(key: string, method: string, path: string, body?: unknown): Promise<Answer> {
    return this.call(method, path, { "x-api-key": key }, body);
  }

  /** A wallet with a key, and with money on Base. */
  async wallet(
    permissions: Record<string, boolean> = FULL,
    funds: Record<string, string> = {},
  ): Promise<{ id: string; address: string; key: string }> {
    const made = await this.partner("POST", "", { apiKey: { permissions } });
    const id = String(made.at("id"));
    for (const [token, amount] of Object.entries(funds)) await this.fund(id, token, amount);
    return { id, address: String(made.at("evmAddress")), key: String(made.at("apiKey")) };
  }

  async fund(wallet: string, token: string, amount: string): Promise<void> {
    const { status } = await this.call("POST", "/__double/bankr/fund", {}, { wallet, token, amount });
    if (status !== 200) throw new Error("the double does not fund the wallet");
  }

  async advance(advanceMs: number): Promise<void> {
    await this.call("POST", "/__double/clock", {}, { advanceMs });
  }

  set(settings: Record<string, unknown>): Promise<Answer> {
    return this.call("PATCH", "/__double/bankr/settings", {}, settings);
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
