import type { Account } from "./account.ts";
import type { Settings } from "./settings.ts";

/** What exists at the double: never a body, an address of a correspondent or a secret. */
export interface AgentMailState {
  inboxes: {
    inboxId: string;
    clientId?: string;
    metadata?: Record<string, string | number | boolean>;
    messages: number;
    unread: number;
    createdAt: string;
  }[];
  keys: {
    apiKeyId: string;
    inboxId: string;
    name: string;
    /** The names of what it may do; absent: everything. */
    permissions?: string[];
    createdAt: string;
  }[];
  webhooks: { webhookId: string; host: string; eventTypes: string[]; clientId?: string }[];
  websockets: number;
  settings: Settings;
}

export function stateOf(account: Account, websockets: number): AgentMailState {
  return {
    inboxes: account.inboxes().map((inbox) => {
      const messages = account.messagesOf(inbox.inbox_id);
      return {
        inboxId: inbox.inbox_id,
        ...(inbox.client_id === undefined ? {} : { clientId: inbox.client_id }),
        ...(inbox.metadata === undefined ? {} : { metadata: inbox.metadata }),
        messages: messages.length,
        unread: messages.filter(({ labels }) => labels.includes("unread")).length,
        createdAt: inbox.created_at,
      };
    }),
    keys: account.keys().map((key) => ({
      apiKeyId: key.api_key_id,
      inboxId: key.inbox_id,
      name: key.name,
      ...(key.permissions === undefined ? {} : { permissions: granted(key.permissions) }),
      createdAt: key.created_at,
    })),
    webhooks: account.webhooks.values().map((webhook) => ({
      webhookId: webhook.webhook_id,
      // Without its path, which may hold a secret.
      host: new URL(webhook.url).host,
      eventTypes: webhook.event_types,
      ...(webhook.client_id === undefined ? {} : { clientId: webhook.client_id }),
    })),
    websockets,
    settings: account.settings,
  };
}

const granted = (permissions: Record<string, boolean>): string[] =>
  Object.keys(permissions).filter((name) => permissions[name] === true);
