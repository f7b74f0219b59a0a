import { createServer } from "node:http";
import Telnyx from "telnyx";
import { eventually } from "../../../testing/eventually.ts";
import { startTelnyxDouble, type TelnyxDouble, type TelnyxDoubleOptions } from "./server.ts";

/** Orders and numbers are ready at once, unless a test says otherwise. */
const QUICK = {
  orderPendingMs: 0,
  messagingDelayMs: 0,
  sentAfterMs: 0,
  finalizedAfterMs: 0,
  webhookRetryMs: 0,
};

/** A double with the real SDK, for tests of what goes over the wire. */
export class TestTelnyx {
  readonly double: TelnyxDouble;
  readonly sdk: Telnyx;

  private constructor(double: TelnyxDouble) {
    this.double = double;
    this.sdk = new Telnyx({
      apiKey: double.apiKey,
      publicKey: double.publicKey,
      baseURL: double.url,
      maxRetries: 0,
      logLevel: "off",
    });
  }

  static async start(options: TelnyxDoubleOptions = {}): Promise<TestTelnyx> {
    const test = new TestTelnyx(await startTelnyxDouble(options));
    await test.set(QUICK);
    return test;
  }

  async control(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const response = await fetch(new URL(`/__double/${path}`, this.double.url), {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  set(settings: Record<string, unknown>) {
    return this.control("PATCH", "telnyx/settings", settings);
  }

  advance(advanceMs: number) {
    return this.control("POST", "clock", { advanceMs });
  }

  async createProfile(fields: Partial<Telnyx.MessagingProfileCreateParams> = {}): Promise<string> {
    const params = { name: "cv-test", whitelisted_destinations: ["US"], ...fields };
    const { data } = await this.sdk.messagingProfiles.create(params);
    return String(data?.id);
  }

  async offer(): Promise<string> {
    const { data } = await this.sdk.availablePhoneNumbers.list({ filter: { limit: 1 } });
    return String(data?.[0]?.phone_number);
  }

  /** Buys one number and returns it in E.164. */
  async buyNumber(profileId?: string, reference = "cv-test-1"): Promise<string> {
    const phoneNumber = await this.offer();
    await this.sdk.numberOrders.create({
      phone_numbers: [{ phone_number: phoneNumber }],
      customer_reference: reference,
      ...(profileId === undefined ? {} : { messaging_profile_id: profileId }),
    });
    await eventually("the number is bought", () =>
      this.double.state().numbers.some((number) => number.phoneNumber === phoneNumber),
    );
    return phoneNumber;
  }

  close(): Promise<void> {
    return this.double.close();
  }
}

export interface ReceivedWebhook {
  headers: Record<string, string>;
  rawBody: string;
}

/** A receiver of webhooks that keeps what it got. `answer` gives the status; undefined leaves it hanging. */
export async function receiveWebhooks(answer: (attempt: number) => number | undefined = () => 200) {
  const received: ReceivedWebhook[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    received.push({ headers, rawBody: Buffer.concat(chunks).toString("utf8") });
    const status = answer(received.length);
    if (status !== undefined) response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    received,
    waitFor: (count: number) => eventually(`${count} webhooks`, () => received.length >= count, 10_000),
    close: () =>
      new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}
