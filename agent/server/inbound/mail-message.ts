import type { AgentMail } from "agentmail";
import { Value } from "typebox/value";
import type { OutsideMessage } from "../../../domain/inbound.ts";
import { LIMITS } from "../../../domain/limits.ts";
import { Mail, sentAt } from "../../skills/agentmail/mail-schema.ts";

const MAX_SUBJECT_CHARS = 500;
const MAX_FILENAME_CHARS = 200;
const MAX_ATTACHMENTS = 20;
const NO_TEXT = "[no plain text came with it; the whole mail is in the mailbox]";
/** What the provider's filters say of a mail that is no turn, and what the agent has sent itself. */
const IGNORED = new Set(["spam", "blocked", "unauthenticated", "trash", "sent"]);

/** A mail of the mailbox as a message from outside, cut as the platform cuts it; undefined for one that is no turn, or no mail. */
export function readMail(mail: AgentMail.Message, address: string): OutsideMessage | undefined {
  if (!Value.Check(Mail, mail) || mail.labels.some((label) => IGNORED.has(label))) return undefined;
  const { from, messageId, subject, extractedText, text, attachments = [] } = mail;
  const names = attachments.flatMap(({ filename }) => filename ?? []);
  return {
    from,
    to: address,
    sentAt: sentAt(mail),
    reference: messageId,
    ...(subject ? { subject: subject.slice(0, MAX_SUBJECT_CHARS) } : {}),
    text: cut(extractedText || text || NO_TEXT),
    attachments: names.slice(0, MAX_ATTACHMENTS).map((name) => name.slice(0, MAX_FILENAME_CHARS)),
  };
}

const cut = (text: string): string =>
  text.length <= LIMITS.inboundTextMaxChars
    ? text
    : `${text.slice(0, LIMITS.inboundTextMaxChars)}\n[the rest was cut off]`;
