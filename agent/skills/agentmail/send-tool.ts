import type { AgentMail } from "agentmail";
import { Type } from "typebox";
import type { Mandate } from "../kit/mandate.ts";
import { defineTool, type SkillTool } from "../kit/tool.ts";
import { ToolError } from "../kit/tool-error.ts";
import { addressesOf, bareAddress } from "./addresses.ts";
import { deliver } from "./deliver.ts";
import { MAIL_LIMITS } from "./limits.ts";
import { Mail } from "./mail-schema.ts";
import { type MailboxOptions, type OpenMailbox, openMailbox } from "./mailbox.ts";
import { oneLine } from "./one-line.ts";
import { attachmentsOf } from "./outgoing-files.ts";
import { ask } from "./trouble.ts";

const Texts = Type.Array(Type.String());

interface Recipients {
  to: string[];
  cc: string[];
  /** Only whoever wrote the mail that is answered. */
  isSenderOnly: boolean;
}

export function sendTool(options: MailboxOptions): SkillTool {
  return defineTool({
    name: "email_send",
    description:
      "Send a mail from your address, or answer one in its thread. Only to addresses that people here wrote.",
    parameters: Type.Object(
      {
        to: Type.Optional(Texts),
        cc: Type.Optional(Texts),
        subject: Type.Optional(Type.String({ maxLength: MAIL_LIMITS.subjectMaxChars })),
        text: Type.String({ minLength: 1, maxLength: MAIL_LIMITS.textMaxChars }),
        html: Type.Optional(Type.String({ maxLength: MAIL_LIMITS.htmlMaxChars })),
        attachments: Type.Optional(
          Type.Array(Type.String(), { maxItems: MAIL_LIMITS.attachmentsMax, description: "paths" }),
        ),
        replyTo: Type.Optional(Type.String({ description: "id of a mail" })),
        replyAll: Type.Optional(Type.Boolean()),
      },
      { additionalProperties: false },
    ),
    effect: "outside",
    timeoutMs: 90_000,
    run: async (params, call) => {
      call.mandate.requirePerson();
      const { replyTo, text, html } = params;
      const given = { to: addressesOf(params.to ?? []), cc: addressesOf(params.cc ?? []) };
      const box = await openMailbox(options);
      const { to, cc, isSenderOnly } =
        replyTo === undefined
          ? { ...given, isSenderOnly: false }
          : recipientsOfReply(box, await earlier(box, replyTo, call.signal), given, params.replyAll === true);
      if (to.length === 0) throw new ToolError("It has no recipient: give `to`, or `replyTo` for an answer.");
      const everybody = addressesOf([...to, ...cc]);
      mandateFor(call.mandate, everybody, isSenderOnly);
      const attachments = await attachmentsOf(call.files, params.attachments ?? []);
      const mail: AgentMail.SendMessageRequest = {
        to,
        ...(cc.length === 0 ? {} : { cc }),
        subject: oneLine(params.subject ?? ""),
        text,
        ...(html === undefined ? {} : { html }),
        ...(attachments.length === 0 ? {} : { attachments }),
      };
      const sent = await deliver(box, call, { mail, ...(replyTo === undefined ? {} : { replyTo }) });
      const files = attachments.length === 0 ? "" : ` with ${attachments.length} attachment(s)`;
      return { text: `Sent to ${everybody.join(", ")}${files}. Id: ${sent.messageId}` };
    },
  });
}

const earlier = (box: OpenMailbox, id: string, signal: AbortSignal): Promise<AgentMail.Message> =>
  ask(Mail, () => box.sdk.inboxes.messages.get(box.address, id, { abortSignal: signal }));

/**
 * Whom an answer goes to. They are named to the provider, so that it sends to those that the mandate was asked for. An answer
 * to a mail that names another address for answers is not an answer to its sender alone.
 */
function recipientsOfReply(
  box: OpenMailbox,
  mail: AgentMail.Message,
  given: { to: string[]; cc: string[] },
  isToAll: boolean,
): Recipients {
  const others = (all: readonly string[] = []): string[] => [
    ...new Set(all.flatMap((text) => bareAddress(text) ?? []).filter((address) => address !== box.address)),
  ];
  const sender = bareAddress(mail.from);
  const isOwn = sender === box.address;
  const asked = mail.replyTo ?? [];
  const answer = others(isOwn ? mail.to : asked.length > 0 ? asked : [mail.from]);
  const to = given.to.length > 0 ? given.to : answer;
  const cc = others([...(isToAll ? [...mail.to, ...(mail.cc ?? [])] : []), ...given.cc]);
  const rest = cc.filter((address) => !to.includes(address));
  const isSenderOnly = !isOwn && rest.length === 0 && to.length === 1 && to[0] === sender;
  return { to, cc: rest, isSenderOnly };
}

/** Whoever wrote first may be answered without being named, as long as no foreign words led to it. */
function mandateFor(mandate: Mandate, recipients: readonly string[], isSenderOnly: boolean): void {
  try {
    mandate.requireNamed(recipients);
  } catch (error) {
    if (!isSenderOnly || !(error instanceof ToolError)) throw error;
    mandate.requireUntainted();
  }
}
