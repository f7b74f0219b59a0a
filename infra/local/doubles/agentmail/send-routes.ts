import { Value } from "typebox/value";
import { json, type Reply } from "../base/reply.ts";
import type { DoubleRequest, Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import { addressList, bareAddress, uniqueAddresses } from "./addresses.ts";
import type { Authorizer } from "./authorize.ts";
import { invalidBody, notFound, tooLarge, validationError } from "./errors.ts";
import { once } from "./idempotency.ts";
import type { Letter, Mailroom } from "./mailroom.ts";
import type { InboxRecord, MessageRecord } from "./records.ts";
import { letterOf, type SendBody, SendSchema } from "./send-request.ts";

const MAX_BODY_BYTES = 6 * 1024 * 1024;

/** Writes the letter that answers or passes on an earlier message. */
type Compose = (inbox: InboxRecord, earlier: MessageRecord, body: SendBody) => Letter;

/** Everything that makes a mail go out. A new inbox answers 404 for a while, though it exists. */
export function sendRoutes(account: Account, authorizer: Authorizer, mailroom: Mailroom): Route[] {
  const withInbox = (
    request: DoubleRequest,
    write: (inbox: InboxRecord, body: SendBody) => Letter | Reply,
  ): Reply => {
    const { sendSettleMs, readSettleMs } = account.settings;
    const found = authorizer.inbox(request, "message_send", Math.max(sendSettleMs, readSettleMs));
    if (found.kind === "refused") return found.reply;
    const { body } = request;
    if (request.rawBody.length > MAX_BODY_BYTES) return tooLarge();
    if (!Value.Check(SendSchema, body)) return invalidBody(SendSchema, body);
    return once(account, request, () => {
      const letter = write(found.inbox, body);
      if ("kind" in letter) return letter;
      if (letter.to.length + (letter.cc?.length ?? 0) + (letter.bcc?.length ?? 0) === 0) {
        return validationError("to", "at least one recipient is required");
      }
      const { message_id, thread_id } = mailroom.send(found.inbox, letter);
      return json(200, { message_id, thread_id });
    });
  };
  const answering = (action: string, compose: Compose): Route => ({
    method: "POST",
    path: `/v0/inboxes/:inbox/messages/:message/${action}`,
    handle: (request) =>
      withInbox(request, (inbox, body) => {
        const earlier = account.message(inbox.inbox_id, request.params.message ?? "");
        return earlier ? compose(inbox, earlier, body) : notFound("Message");
      }),
  });
  return [
    {
      method: "POST",
      path: "/v0/inboxes/:inbox/messages/send",
      handle: (request) => withInbox(request, letterOf),
    },
    answering("reply", (inbox, earlier, body) => reply(inbox, earlier, body, body.reply_all === true)),
    answering("reply-all", (inbox, earlier, body) => reply(inbox, earlier, body, true)),
    answering("forward", forward),
  ];
}

function reply(inbox: InboxRecord, earlier: MessageRecord, body: SendBody, isToAll: boolean): Letter {
  const isOwn = bareAddress(earlier.from) === inbox.inbox_id;
  const sender = isOwn ? earlier.to : (earlier.reply_to ?? [earlier.from]);
  const others = isToAll ? [...earlier.to, ...(earlier.cc ?? [])] : [];
  const named = addressList(body.to);
  const to = named.length > 0 ? named : uniqueAddresses([...sender, ...others], [inbox.inbox_id]);
  return {
    ...letterOf(inbox, body),
    to,
    subject: prefixed("Re:", earlier.subject),
    in_reply_to: earlier.message_id,
    references: [...(earlier.references ?? []), earlier.message_id],
  };
}

function forward(inbox: InboxRecord, earlier: MessageRecord, body: SendBody): Letter {
  const letter = letterOf(inbox, body);
  const quoted = earlier.text === undefined ? "" : `---------- Forwarded message ----------\n${earlier.text}`;
  return {
    ...letter,
    subject: body.subject ?? prefixed("Fwd:", earlier.subject),
    text: [body.text ?? "", quoted].join("\n\n").trim(),
    attachments: [...letter.attachments, ...earlier.attachments],
    references: [...(earlier.references ?? []), earlier.message_id],
  };
}

const prefixed = (prefix: string, subject = ""): string =>
  subject.toLowerCase().startsWith(prefix.toLowerCase()) ? subject : `${prefix} ${subject}`.trim();
