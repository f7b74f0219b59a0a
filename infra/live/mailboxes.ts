import { randomBytes } from "node:crypto";
import { AgentMailClient } from "agentmail";
import type { Mailbox } from "../../agent/skills/agentmail/index.ts";
import type { LiveContext } from "./suite.ts";

const TIMEOUT_S = 30;
/** As narrow as the platform makes an agent's. */
const PERMISSIONS = { inboxRead: true, messageRead: true, messageSend: true, messageUpdate: true };

/** A second mailbox, of somebody whom the agent writes to. */
export interface Friend {
  address: string;
  sdk: AgentMailClient;
}

export interface Mailboxes {
  own: Mailbox;
  /** Undefined where there is only the mailbox that was given. */
  friend: Friend | undefined;
}

export function missingMailbox({ config }: LiveContext): string | undefined {
  const { AGENTMAIL_INBOX: inbox, AGENTMAIL_INBOX_KEY: key, AGENTMAIL_API_KEY: account } = config;
  if (inbox !== undefined && key === undefined) return "AGENTMAIL_INBOX_KEY, the key of that mailbox";
  if (inbox === undefined && account === undefined)
    return "AGENTMAIL_API_KEY to make mailboxes with, or AGENTMAIL_INBOX and AGENTMAIL_INBOX_KEY";
  return undefined;
}

/** The mailbox that is given, or two that are made and deleted afterwards. */
export async function openMailboxes(context: LiveContext): Promise<Mailboxes> {
  const { AGENTMAIL_INBOX: inboxId, AGENTMAIL_INBOX_KEY: key } = context.config;
  if (inboxId !== undefined && key !== undefined) return { own: { inboxId, key }, friend: undefined };
  const { AGENTMAIL_API_KEY: apiKey, AGENTMAIL_BASE_URL: baseUrl } = context.config;
  if (apiKey === undefined) throw new Error("there is no key");
  const sdk = new AgentMailClient({ apiKey, baseUrl, maxRetries: 0, timeoutInSeconds: TIMEOUT_S });
  const make = async (name: string): Promise<string> => {
    const made = await sdk.inboxes.create({ username: `live-${name}-${randomBytes(5).toString("hex")}` });
    context.cleanup.defer(() => sdk.inboxes.delete(made.inboxId));
    return made.inboxId;
  };
  const own = await make("agent");
  const friend = await make("friend");
  const made = await sdk.inboxes.apiKeys.create(own, { name: "live-test", permissions: PERMISSIONS });
  if (!("apiKey" in made)) throw new Error("no key of the mailbox was made");
  context.hide(made.apiKey);
  return { own: { inboxId: own, key: made.apiKey }, friend: { address: friend.toLowerCase(), sdk } };
}
