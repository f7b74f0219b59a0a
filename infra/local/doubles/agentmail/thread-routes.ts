import { Value } from "typebox/value";
import { json, type Reply } from "../base/reply.ts";
import type { DoubleRequest, Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import type { Authorizer } from "./authorize.ts";
import { invalidBody, notFound } from "./errors.ts";
import { changedLabels, filterMessages } from "./message-filter.ts";
import { LabelsSchema } from "./message-routes.ts";
import { messageObject, threadItem } from "./message-view.ts";
import { pageOf } from "./paging.ts";
import type { MessageRecord } from "./records.ts";

type Messages = [MessageRecord, ...MessageRecord[]];

/** Threads of one inbox: groups of its messages, with no life of their own. */
export function threadRoutes(account: Account, authorizer: Authorizer): Route[] {
  const withThread = (
    request: DoubleRequest,
    permission: string,
    then: (messages: Messages) => Reply,
  ): Reply => {
    const found = authorizer.inbox(request, permission);
    if (found.kind === "refused") return found.reply;
    const thread = threadsOf(account.messagesOf(found.inbox.inbox_id)).get(request.params.thread ?? "");
    return thread ? then(thread) : notFound("Thread");
  };
  return [
    {
      method: "GET",
      path: "/v0/inboxes/:inbox/threads",
      handle(request) {
        const found = authorizer.inbox(request, "message_read");
        if (found.kind === "refused") return found.reply;
        const messages = filterMessages(account.messagesOf(found.inbox.inbox_id), request.query);
        const threads = [...threadsOf(messages).values()].map((thread) => ({
          thread,
          position: Math.max(...thread.map(({ position }) => position)),
        }));
        const page = pageOf(threads, request.query, account.settings);
        if ("kind" in page) return page;
        return json(200, { ...page.frame, threads: page.items.map(({ thread }) => threadItem(thread)) });
      },
    },
    {
      method: "GET",
      path: "/v0/inboxes/:inbox/threads/:thread",
      handle: (request) =>
        withThread(request, "message_read", (messages) =>
          json(200, {
            ...threadItem(messages),
            count: messages.length,
            messages: messages.map(messageObject),
          }),
        ),
    },
    {
      method: "PATCH",
      path: "/v0/inboxes/:inbox/threads/:thread",
      handle: (request) =>
        withThread(request, "message_update", (messages) => {
          const { body } = request;
          if (!Value.Check(LabelsSchema, body)) return invalidBody(LabelsSchema, body);
          const updated_at = account.clock.nowIso();
          const labels = new Set<string>();
          for (const message of messages) {
            const changed = changedLabels(message.labels, body);
            account.putMessage({ ...message, labels: changed, updated_at });
            for (const label of changed) labels.add(label);
          }
          return json(200, { thread_id: messages[0].thread_id, labels: [...labels] });
        }),
    },
    {
      method: "DELETE",
      path: "/v0/inboxes/:inbox/threads/:thread",
      handle: (request) =>
        withThread(request, "message_delete", (messages) => {
          for (const message of messages) account.removeMessage(message);
          return json(204, undefined);
        }),
    },
  ];
}

/** In order of arrival, by thread. */
function threadsOf(messages: readonly MessageRecord[]): Map<string, Messages> {
  const threads = new Map<string, Messages>();
  for (const message of messages) {
    const thread = threads.get(message.thread_id);
    if (thread) thread.push(message);
    else threads.set(message.thread_id, [message]);
  }
  return threads;
}
