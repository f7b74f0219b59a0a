import Type from "typebox";
import { Value } from "typebox/value";
import { json, type Reply } from "../base/reply.ts";
import type { DoubleRequest, Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import type { Authorizer } from "./authorize.ts";
import type { Downloads } from "./downloads.ts";
import { invalidBody, notFound } from "./errors.ts";
import { changedLabels, filterMessages } from "./message-filter.ts";
import { attachmentObject, messageItem, messageObject } from "./message-view.ts";
import { mimeOf } from "./mime.ts";
import { pageOf } from "./paging.ts";
import type { MessageRecord } from "./records.ts";

const Labels = Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())]));
export const LabelsSchema = Type.Object({ add_labels: Labels, remove_labels: Labels });

/** Reading, labelling and deleting what is in an inbox. */
export function messageRoutes(account: Account, authorizer: Authorizer, downloads: Downloads): Route[] {
  const withMessage = (
    request: DoubleRequest,
    permission: string,
    then: (message: MessageRecord) => Reply,
  ): Reply => {
    const found = authorizer.inbox(request, permission);
    if (found.kind === "refused") return found.reply;
    const message = account.message(found.inbox.inbox_id, request.params.message ?? "");
    return message ? then(message) : notFound("Message");
  };
  return [
    {
      method: "GET",
      path: "/v0/inboxes/:inbox/messages",
      handle(request) {
        const found = authorizer.inbox(request, "message_read");
        if (found.kind === "refused") return found.reply;
        const wanted = filterMessages(account.messagesOf(found.inbox.inbox_id), request.query);
        const page = pageOf(wanted, request.query, account.settings);
        if ("kind" in page) return page;
        return json(200, { ...page.frame, messages: page.items.map(messageItem) });
      },
    },
    {
      method: "GET",
      path: "/v0/inboxes/:inbox/messages/:message",
      handle: (request) =>
        withMessage(request, "message_read", (message) => json(200, messageObject(message))),
    },
    {
      method: "PATCH",
      path: "/v0/inboxes/:inbox/messages/:message",
      handle: (request) =>
        withMessage(request, "message_update", (message) => {
          const { body } = request;
          if (!Value.Check(LabelsSchema, body)) return invalidBody(LabelsSchema, body);
          const labels = changedLabels(message.labels, body);
          account.putMessage({ ...message, labels, updated_at: account.clock.nowIso() });
          return json(200, { message_id: message.message_id, labels });
        }),
    },
    {
      method: "DELETE",
      path: "/v0/inboxes/:inbox/messages/:message",
      handle: (request) =>
        withMessage(request, "message_delete", (message) => {
          account.removeMessage(message);
          return json(204, undefined);
        }),
    },
    {
      method: "GET",
      path: "/v0/inboxes/:inbox/messages/:message/raw",
      handle: (request) =>
        withMessage(request, "message_read", (message) =>
          json(200, {
            message_id: message.message_id,
            size: Buffer.byteLength(mimeOf(message)),
            ...downloads.address(request, message.inbox_id, message.message_id),
          }),
        ),
    },
    {
      method: "GET",
      path: "/v0/inboxes/:inbox/messages/:message/attachments/:attachment",
      handle: (request) =>
        withMessage(request, "message_read", (message) => {
          const id = request.params.attachment ?? "";
          const attachment = message.attachments.find(({ attachment_id }) => attachment_id === id);
          if (!attachment) return notFound("Attachment");
          const address = downloads.address(request, message.inbox_id, message.message_id, id);
          return json(200, { ...attachmentObject(attachment), ...address });
        }),
    },
  ];
}
