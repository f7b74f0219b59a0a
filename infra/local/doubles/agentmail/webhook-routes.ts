import { randomBytes, randomUUID } from "node:crypto";
import Type from "typebox";
import { Value } from "typebox/value";
import { json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import type { Authorizer } from "./authorize.ts";
import { invalidBody, notFound } from "./errors.ts";
import { EVENT_TYPES } from "./events.ts";
import { pageOf } from "./paging.ts";
import type { WebhookRecord } from "./records.ts";

const CreateSchema = Type.Object({
  url: Type.String({ pattern: "^https?://", maxLength: 2_048 }),
  event_types: Type.Array(Type.Union(EVENT_TYPES.map((type) => Type.Literal(type))), { minItems: 1 }),
  inbox_ids: Type.Optional(Type.Array(Type.String(), { maxItems: 10 })),
  pod_ids: Type.Optional(Type.Array(Type.String(), { maxItems: 10 })),
  client_id: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9._~-]{1,256}$" })),
});

/** `/v0/webhooks`, for the organisation's key. */
export function webhookRoutes(account: Account, authorizer: Authorizer): Route[] {
  return [
    {
      method: "POST",
      path: "/v0/webhooks",
      handle(request) {
        const refusal = authorizer.organization(request, "webhook_create");
        if (refusal) return refusal;
        const { body } = request;
        if (!Value.Check(CreateSchema, body)) return invalidBody(CreateSchema, body);
        const { url, event_types, inbox_ids, client_id } = body;
        const earlier = account.webhooks.values().find((one) => one.client_id === client_id);
        if (client_id !== undefined && earlier) return json(200, webhookObject(earlier));
        const webhook: WebhookRecord = {
          position: account.nextPosition(),
          webhook_id: randomUUID(),
          url,
          event_types,
          ...(inbox_ids === undefined ? {} : { inbox_ids }),
          ...(client_id === undefined ? {} : { client_id }),
          secret: `whsec_${randomBytes(24).toString("base64")}`,
          created_at: account.clock.nowIso(),
        };
        account.webhooks.put(webhook.webhook_id, webhook);
        return json(200, webhookObject(webhook));
      },
    },
    {
      method: "GET",
      path: "/v0/webhooks",
      handle(request) {
        const refusal = authorizer.organization(request, "webhook_read");
        if (refusal) return refusal;
        const page = pageOf(account.webhooks.values(), request.query, account.settings);
        if ("kind" in page) return page;
        return json(200, { ...page.frame, webhooks: page.items.map(webhookObject) });
      },
    },
    {
      method: "GET",
      path: "/v0/webhooks/:webhook",
      handle(request) {
        const refusal = authorizer.organization(request, "webhook_read");
        if (refusal) return refusal;
        const webhook = account.webhooks.get(request.params.webhook ?? "");
        return webhook ? json(200, webhookObject(webhook)) : notFound("Webhook");
      },
    },
    {
      method: "DELETE",
      path: "/v0/webhooks/:webhook",
      handle(request) {
        const refusal = authorizer.organization(request, "webhook_delete");
        if (refusal) return refusal;
        const webhook = account.webhooks.get(request.params.webhook ?? "");
        if (!webhook) return notFound("Webhook");
        account.webhooks.remove(webhook.webhook_id);
        return json(204, undefined);
      },
    },
  ];
}

function webhookObject({ position, ...fields }: WebhookRecord): Record<string, unknown> {
  return { ...fields, enabled: true, updated_at: fields.created_at };
}
