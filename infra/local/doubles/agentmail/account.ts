import { createHash, randomBytes, randomUUID } from "node:crypto";
import Type from "typebox";
import type { VirtualClock } from "../base/clock.ts";
import { Collection } from "../base/collection.ts";
import type { RecordStore } from "../base/record-store.ts";
import {
  type InboxRecord,
  InboxRecordSchema,
  type KeyRecord,
  KeyRecordSchema,
  type MessageRecord,
  MessageRecordSchema,
  ReplayRecordSchema,
  WebhookRecordSchema,
} from "./records.ts";
import { DEFAULT_SETTINGS, type Settings, SettingsSchema } from "./settings.ts";

export const DOMAIN = "agentmail.to";
export const ORGANIZATION_ID = "11111111-1111-4111-8111-111111111111";
export const POD_ID = "22222222-2222-4222-8222-222222222222";

/** The one AgentMail organisation behind the double: inboxes, keys, mail, webhooks, settings. */
export class Account {
  readonly clock: VirtualClock;
  readonly webhooks: Collection<typeof WebhookRecordSchema>;
  readonly replays: Collection<typeof ReplayRecordSchema>;
  readonly #inboxes: Collection<typeof InboxRecordSchema>;
  /** The first answer to each client_id, which outlives its inbox. */
  readonly #clientIds: Collection<typeof InboxRecordSchema>;
  readonly #keys: Collection<typeof KeyRecordSchema>;
  readonly #messages: Collection<typeof MessageRecordSchema>;
  readonly #settings: Collection<typeof SettingsSchema>;
  readonly #positions: Collection<ReturnType<typeof Type.Integer>>;

  constructor(store: RecordStore, clock: VirtualClock) {
    this.clock = clock;
    this.#inboxes = new Collection(store, "inbox", InboxRecordSchema);
    this.#clientIds = new Collection(store, "clientId", InboxRecordSchema);
    this.#keys = new Collection(store, "key", KeyRecordSchema);
    this.#messages = new Collection(store, "message", MessageRecordSchema);
    this.webhooks = new Collection(store, "webhook", WebhookRecordSchema);
    this.replays = new Collection(store, "replay", ReplayRecordSchema);
    this.#settings = new Collection(store, "settings", SettingsSchema);
    this.#positions = new Collection(store, "position", Type.Integer());
  }

  get settings(): Settings {
    return this.#settings.get("account") ?? DEFAULT_SETTINGS;
  }

  changeSettings(change: Partial<Settings>): Settings {
    const settings = { ...this.settings, ...change };
    this.#settings.put("account", settings);
    return settings;
  }

  nextPosition(): number {
    const position = (this.#positions.get("last") ?? 0) + 1;
    this.#positions.put("last", position);
    return position;
  }

  inboxes(): InboxRecord[] {
    return this.#inboxes.values();
  }

  inbox(id: string): InboxRecord | undefined {
    return this.#inboxes.get(id.toLowerCase());
  }

  /** The inbox that a client_id stands for: as it is now, or as it was answered when it was made. */
  inboxOfClientId(clientId: string): InboxRecord | undefined {
    const first = this.#clientIds.get(clientId);
    const now = first && this.#inboxes.get(first.inbox_id);
    if (now?.client_id === clientId) return now;
    return this.settings.clientIdAfterDelete === "replay" ? first : undefined;
  }

  createInbox(
    wanted: Pick<InboxRecord, "inbox_id" | "display_name" | "client_id" | "metadata">,
  ): InboxRecord {
    const now = this.clock.nowIso();
    const inbox: InboxRecord = { ...wanted, position: this.nextPosition(), created_at: now, updated_at: now };
    this.#inboxes.put(inbox.inbox_id, inbox);
    if (inbox.client_id !== undefined) this.#clientIds.put(inbox.client_id, inbox);
    return inbox;
  }

  changeInbox(inbox: InboxRecord, change: Partial<InboxRecord>): InboxRecord {
    const changed = { ...inbox, ...change, updated_at: this.clock.nowIso() };
    this.#inboxes.put(inbox.inbox_id, changed);
    return changed;
  }

  /** Takes the inbox away with its mail and its keys. */
  removeInbox(id: string): void {
    for (const key of this.keysOf(id)) this.#keys.remove(key.api_key_id);
    for (const message of this.messagesOf(id)) this.removeMessage(message);
    this.#inboxes.remove(id);
  }

  keys(): KeyRecord[] {
    return this.#keys.values();
  }

  keysOf(inboxId: string): KeyRecord[] {
    return this.#keys.values().filter((key) => key.inbox_id === inboxId);
  }

  key(id: string): KeyRecord | undefined {
    return this.#keys.get(id);
  }

  keyOfSecret(secret: string): KeyRecord | undefined {
    const sha256 = hashOf(secret);
    return this.#keys.values().find((key) => key.sha256 === sha256);
  }

  /** Creates a key. The secret is in the answer and nowhere else. */
  createKey(wanted: Pick<KeyRecord, "inbox_id" | "name" | "permissions">): {
    key: KeyRecord;
    secret: string;
  } {
    const secret = `am_${randomBytes(32).toString("hex")}`;
    const now = this.clock.nowIso();
    const key: KeyRecord = {
      ...wanted,
      position: this.nextPosition(),
      api_key_id: randomUUID(),
      sha256: hashOf(secret),
      prefix: secret.slice(0, 10),
      created_at: now,
      updated_at: now,
    };
    this.#keys.put(key.api_key_id, key);
    return { key, secret };
  }

  removeKey(id: string): void {
    this.#keys.remove(id);
  }

  messagesOf(inboxId: string): MessageRecord[] {
    return this.#messages.values().filter((message) => message.inbox_id === inboxId);
  }

  message(inboxId: string, messageId: string): MessageRecord | undefined {
    return this.#messages.get(`${inboxId} ${messageId}`);
  }

  putMessage(message: MessageRecord): void {
    this.#messages.put(`${message.inbox_id} ${message.message_id}`, message);
  }

  removeMessage(message: MessageRecord): void {
    this.#messages.remove(`${message.inbox_id} ${message.message_id}`);
  }
}

export const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");
