import { AgentMailClient } from "agentmail";
import { ToolError } from "../kit/tool-error.ts";
import { MAIL_LIMITS } from "./limits.ts";

/** The agent's mailbox at the provider: its address, and a key that knows no other. */
export interface Mailbox {
  inboxId: string;
  key: string;
}

export interface MailboxOptions {
  /** Undefined: there is none. Rejects with ToolError while it is being made. */
  mailbox(): Promise<Mailbox | undefined>;
  /** Of the provider's API and its websocket; undefined for the provider itself. */
  baseUrl?: string | undefined;
}

export interface OpenMailbox {
  /** The agent's mail address. */
  address: string;
  sdk: AgentMailClient;
}

/** Requests are made once: whoever asks decides what a failure means. */
export const connect = ({ inboxId, key }: Mailbox, baseUrl: string | undefined): OpenMailbox => ({
  address: inboxId.toLowerCase(),
  sdk: new AgentMailClient({
    apiKey: key,
    maxRetries: 0,
    timeoutInSeconds: MAIL_LIMITS.requestTimeoutMs / 1_000,
    ...(baseUrl === undefined ? {} : { baseUrl }),
  }),
});

/** Throws ToolError when there is no mailbox, or not yet. */
export async function openMailbox(options: MailboxOptions): Promise<OpenMailbox> {
  const mailbox = await options.mailbox();
  if (mailbox === undefined) throw new ToolError("You have no mailbox, so mail cannot be sent or read.");
  return connect(mailbox, options.baseUrl);
}
