import type { AgentMail } from "agentmail";
import { Type } from "typebox";
import type { Sandbox } from "../kit/sandbox.ts";
import { defineTool, type SkillTool, type ToolCall, type ToolResult } from "../kit/tool.ts";
import { ToolError } from "../kit/tool-error.ts";
import { htmlText } from "./html-text.ts";
import { download, invitationLines, isInvitation, safeName } from "./incoming-files.ts";
import { MAIL_LIMITS } from "./limits.ts";
import { Mail, MailPage, sentAt } from "./mail-schema.ts";
import { type MailboxOptions, type OpenMailbox, openMailbox } from "./mailbox.ts";
import { oneLine } from "./one-line.ts";
import { ask } from "./trouble.ts";

interface ListQuery {
  label?: string;
  from?: string;
  page?: string;
}

export function readTool(options: MailboxOptions & { sandbox: Sandbox }): SkillTool {
  return defineTool({
    name: "email_read",
    description:
      "Your mailbox: list mails, newest first; read one (marks it read); save an attachment as a file.",
    parameters: Type.Object(
      {
        action: Type.Enum(["list", "read", "save_attachment"]),
        id: Type.Optional(Type.String({ description: "of the mail" })),
        attachment: Type.Optional(Type.Integer({ minimum: 1, description: "its number" })),
        offset: Type.Optional(Type.Integer({ minimum: 0 })),
        label: Type.Optional(Type.String({ description: "unread, received, sent" })),
        from: Type.Optional(Type.String()),
        page: Type.Optional(Type.String()),
      },
      { additionalProperties: false },
    ),
    effect: "own",
    timeoutMs: 120_000,
    run: async ({ action, id, attachment, offset = 0, ...query }, call) => {
      const box = await openMailbox(options);
      if (action === "list") return list(box, query, call);
      if (id === undefined) throw new ToolError("Give the id of the mail; the action list shows the ids.");
      const mail = await ask(Mail, () =>
        box.sdk.inboxes.messages.get(box.address, id, { abortSignal: call.signal }),
      );
      return action === "read"
        ? read(options.sandbox, box, mail, offset, call)
        : save(options.sandbox, box, mail, attachment ?? 1, call);
    },
  });
}

async function list(box: OpenMailbox, { label, from, page }: ListQuery, call: ToolCall): Promise<ToolResult> {
  const request: AgentMail.inboxes.ListMessagesRequest = {
    limit: MAIL_LIMITS.listMax,
    ...(label === undefined ? {} : { labels: [label.toLowerCase()] }),
    ...(from === undefined ? {} : { from: [from] }),
    ...(page === undefined ? {} : { pageToken: page }),
  };
  const answer = await ask(MailPage, () =>
    box.sdk.inboxes.messages.list(box.address, request, { abortSignal: call.signal }),
  );
  const lines = answer.messages.slice(0, MAIL_LIMITS.listMax).map((mail) => {
    const files = mail.attachments?.length ? ` [${mail.attachments.length} attachment(s)]` : "";
    const marks = mail.labels.includes("unread") ? " [unread]" : "";
    const preview = oneLine(mail.preview ?? "").slice(0, 120);
    return `${mail.messageId} | ${atTime(mail)} | ${short(mail.from)} -> ${short(mail.to.join(", "))} | ${short(mail.subject ?? "")}${marks}${files} | ${preview}`;
  });
  const more = answer.nextPageToken === undefined ? [] : [`There are more: page ${answer.nextPageToken}`];
  const none = lines.length === 0 && more.length === 0 ? ["There is no such mail."] : [];
  return {
    text: ["id | time | from -> to | subject | beginning", ...lines, ...more, ...none].join("\n"),
    isForeign: true,
  };
}

async function read(
  sandbox: Sandbox,
  box: OpenMailbox,
  mail: AgentMail.Message,
  offset: number,
  call: ToolCall,
): Promise<ToolResult> {
  const body = bodyOf(mail);
  const shown = body.slice(offset, offset + MAIL_LIMITS.readMaxChars);
  const end = offset + shown.length;
  const attachments = mail.attachments ?? [];
  const files = attachments
    .slice(0, MAIL_LIMITS.attachmentsShownMax)
    .map(
      ({ filename, contentType = "unknown", size }, index) =>
        `Attachment ${index + 1}: ${short(filename ?? "without a name")} (${short(contentType)}, ${size} bytes)`,
    );
  const lines = [
    `From: ${short(mail.from)}`,
    ...(mail.replyTo?.length ? [`Answers go to: ${short(mail.replyTo.join(", "))}`] : []),
    `To: ${short(mail.to.join(", "))}`,
    ...(mail.cc?.length ? [`Cc: ${short(mail.cc.join(", "))}`] : []),
    `Sent at: ${atTime(mail)}`,
    `Subject: ${short(mail.subject ?? "")}`,
    `Id: ${mail.messageId}`,
    ...files,
    ...(await invitations(sandbox, box, mail, call)),
    "",
    shown,
    ...(end < body.length ? [`[${body.length - end} more characters: read again with offset ${end}]`] : []),
    ...(await markRead(box, mail, call.signal)),
  ];
  return { text: lines.join("\n"), isForeign: true };
}

/** Without what it quotes, where the provider has found that. */
function bodyOf({ extractedText, text: whole, html }: AgentMail.Message): string {
  const plain = extractedText || whole;
  if (plain) return plain;
  if (!html) return "[the mail has no text]";
  if (html.length > MAIL_LIMITS.readHtmlMaxChars) return "[its formatted text is too long to be read]";
  return htmlText(html) || "[the mail has no text]";
}

async function invitations(
  sandbox: Sandbox,
  box: OpenMailbox,
  mail: AgentMail.Message,
  { signal }: ToolCall,
): Promise<string[]> {
  const found = (mail.attachments ?? []).filter(isInvitation).slice(0, MAIL_LIMITS.invitationsMax);
  const lines: string[] = [];
  for (const { attachmentId } of found) {
    try {
      const ics = await download(box, mail.messageId, attachmentId, MAIL_LIMITS.invitationMaxBytes, signal);
      lines.push(...(await invitationLines(sandbox, ics, signal)));
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      lines.push(`An invitation in it cannot be read: ${error.message}`);
    }
  }
  return lines;
}

async function markRead(box: OpenMailbox, mail: AgentMail.Message, signal: AbortSignal): Promise<string[]> {
  if (!mail.labels.includes("unread")) return [];
  try {
    const change = { removeLabels: ["unread"] };
    await ask(Type.Unknown(), () =>
      box.sdk.inboxes.messages.update(box.address, mail.messageId, change, { abortSignal: signal }),
    );
    return [];
  } catch (error) {
    if (error instanceof ToolError) return [`[it could not be marked as read: ${error.message}]`];
    throw error;
  }
}

async function save(
  sandbox: Sandbox,
  box: OpenMailbox,
  mail: AgentMail.Message,
  number: number,
  call: ToolCall,
): Promise<ToolResult> {
  const attachment = mail.attachments?.[number - 1];
  if (attachment === undefined)
    throw new ToolError(
      `The mail has ${mail.attachments?.length ?? 0} attachment(s), so there is no number ${number}.`,
    );
  const { attachmentId, filename } = attachment;
  const bytes = await download(box, mail.messageId, attachmentId, MAIL_LIMITS.downloadMaxBytes, call.signal);
  const path = await call.files.write(`mail/${safeName(filename)}`, bytes);
  const isReadable = isInvitation(attachment) && bytes.length <= MAIL_LIMITS.invitationMaxBytes;
  const lines = isReadable ? await invitationLines(sandbox, bytes, call.signal) : [];
  return { text: [`Saved as ${path} (${bytes.length} bytes)`, ...lines].join("\n"), isForeign: true };
}

const atTime = (mail: { timestamp: Date }): string => sentAt(mail).slice(0, 16);
const short = (words: string): string => oneLine(words).slice(0, 200);
