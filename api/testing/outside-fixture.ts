import { createHmac, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { storeSecret } from "../../activities/registry/secrets.ts";
import type { InstanceId } from "../../domain/ids.ts";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { parseConfig } from "../config.ts";
import { type RunningGateway, startGateway } from "../start.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const TELNYX_PUBLIC_KEY = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("base64");
const SVIX_SECRET = randomBytes(24);
export const RAILWAY_SECRET = randomBytes(24).toString("base64url");
export const ADMIN_KEY = "admin-key-0123456789";

/** A gateway for what comes from outside: its registry is real, and nobody is at its Temporal. */
export interface OutsideFixture extends AsyncDisposable {
  readonly test: TestRegistry;
  readonly gateway: RunningGateway;
  /** Everything that the gateway has logged. */
  readonly lines: string[];
  /** Another gateway of the same platform, with more environment. */
  startAnother(environment: Readonly<Record<string, string>>): Promise<RunningGateway>;
  /** An instance in the state, with the resources that the ledger is to have. */
  instance(options?: InstanceOptions): Promise<TestInstance>;
  /** Everything that is in the table of what came, as text. */
  stored(): Promise<Record<string, unknown>[]>;
  /** How much was not kept, by reason. */
  dropped(): Promise<Record<string, number>>;
}

interface InstanceOptions {
  state?: "idle" | "claimed";
  number?: string;
  mailbox?: string;
}

export interface TestInstance {
  readonly id: InstanceId;
  readonly secret: string;
}

export async function startOutsideFixture(
  environment: Readonly<Record<string, string>> = {},
): Promise<OutsideFixture> {
  const test = await startTestRegistry();
  const { db } = test.registry;
  const lines: string[] = [];
  const running: RunningGateway[] = [];
  const start = async (more: Readonly<Record<string, string>>): Promise<RunningGateway> => {
    const config = parseConfig({
      DATABASE_URL: test.url,
      TEMPORAL_ADDRESS: "127.0.0.1:1",
      API_KEY: ADMIN_KEY,
      API_PORT: "0",
      ENVIRONMENT: "test",
      MASTER_KEY: test.masterKey.toString("base64"),
      TELNYX_WEBHOOK_PUBLIC_KEY: TELNYX_PUBLIC_KEY,
      AGENTMAIL_WEBHOOK_SECRET: `whsec_${SVIX_SECRET.toString("base64")}`,
      RAILWAY_WEBHOOK_SECRET: RAILWAY_SECRET,
      ...more,
    });
    const started = await startGateway(config, (event, fields) =>
      lines.push(JSON.stringify({ event, ...fields })),
    );
    running.push(started);
    return started;
  };
  const gateway = await start(environment);
  return {
    startAnother: start,
    test,
    gateway,
    lines,
    async instance({ state = "claimed", number, mailbox } = {}) {
      const id = await test.idle();
      const secret = randomBytes(32).toString("hex");
      await storeSecret(test.registry, db, id, "instance-secret", secret);
      await db.updateTable("instances").set({ state, epoch: 1 }).where("id", "=", id).execute();
      const { name } = await db
        .selectFrom("instances")
        .select("name")
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
      const owned = [
        { provider: "telnyx", kind: "number", external_id: number },
        { provider: "agentmail", kind: "mailbox", external_id: mailbox },
      ] as const;
      for (const { external_id, ...resource } of owned) {
        if (external_id === undefined) continue;
        await db
          .insertInto("resources")
          .values({ ...resource, external_id, instance_id: id, name, state: "active" })
          .execute();
      }
      return { id, secret };
    },
    stored: () => db.selectFrom("inbound").selectAll().orderBy("received_at").execute(),
    async dropped() {
      const rows = await db.selectFrom("inbound_drops").select(["reason", "count"]).execute();
      return Object.fromEntries(rows.map(({ reason, count }) => [reason, Number(count)]));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map((one) => one.stop()));
      await test[Symbol.asyncDispose]();
    },
  };
}

export interface Signing {
  /** Of the timestamp; seconds before now. */
  ageS?: number;
  /** What is signed instead of the body. */
  signed?: string;
}

const secondsAgo = (ageS = 0): number => Math.floor(Date.now() / 1000) - ageS;

/** As Telnyx sends it. */
export function postTelnyx(url: string, body: unknown, { ageS, signed }: Signing = {}): Promise<Response> {
  const raw = JSON.stringify(body);
  const timestamp = secondsAgo(ageS);
  return fetch(`${url}/webhooks/telnyx`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "telnyx-timestamp": String(timestamp),
      "telnyx-signature-ed25519": sign(
        null,
        Buffer.from(`${timestamp}|${signed ?? raw}`),
        privateKey,
      ).toString("base64"),
    },
    body: raw,
  });
}

/** As AgentMail sends it, by way of Svix. */
export function postAgentMail(
  url: string,
  body: unknown,
  { ageS, signed, id = "msg_1" }: Signing & { id?: string } = {},
): Promise<Response> {
  const raw = JSON.stringify(body);
  const timestamp = secondsAgo(ageS);
  const mac = createHmac("sha256", SVIX_SECRET)
    .update(`${id}.${timestamp}.${signed ?? raw}`)
    .digest("base64");
  return fetch(`${url}/webhooks/agentmail`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "svix-id": id,
      "svix-timestamp": String(timestamp),
      "svix-signature": `v1,${Buffer.alloc(32).toString("base64")} v1,${mac}`,
    },
    body: raw,
  });
}

/** The event of a text message to one of our numbers. Source: Telnyx, "Webhooks v2". */
export const smsEvent = (to: string, text: string, id = "0b4bc4e5-6d0a-4a52-a8b0-2d6f0b1a9f11") => ({
  data: {
    event_type: "message.received",
    id,
    occurred_at: "2026-01-02T03:04:05.000Z",
    record_type: "event",
    payload: {
      id: "40385f64-5717-4562-b3fc-2c963f66afa6",
      record_type: "message",
      direction: "inbound",
      type: "SMS",
      from: { phone_number: "+13125550100", carrier: "T-MOBILE USA, INC.", line_type: "Wireless" },
      to: [{ phone_number: to, status: "webhook_delivered" }],
      text,
      media: [],
      parts: 1,
      received_at: "2026-01-02T03:04:05.000Z",
    },
  },
  meta: { attempt: 1, delivered_to: "https://agents.example.org/webhooks/telnyx" },
});

/** The event of mail to one of our inboxes. Source: AgentMail, "Webhooks: events". */
export const mailEvent = (inbox: string, message: Record<string, unknown> = {}) => ({
  type: "event",
  event_type: "message.received",
  event_id: "evt_1",
  message: {
    inbox_id: inbox,
    thread_id: "thd_1",
    message_id: "<1@example.org>",
    labels: ["received"],
    timestamp: "2026-01-02T03:04:05Z",
    from: "Ada <ada@example.org>",
    to: [inbox],
    subject: "Tickets",
    text: "Two tickets, please.",
    attachments: [{ attachment_id: "a1", filename: "map.pdf", size: 3 }],
    ...message,
  },
});
