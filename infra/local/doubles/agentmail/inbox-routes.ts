import { randomBytes } from "node:crypto";
import Type from "typebox";
import { Value } from "typebox/value";
import { json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import { type Account, DOMAIN, ORGANIZATION_ID, POD_ID } from "./account.ts";
import type { Authorizer } from "./authorize.ts";
import { domainNotVerified, invalidBody, limitExceeded, resourceDeleting, taken } from "./errors.ts";
import { pageOf } from "./paging.ts";
import type { InboxRecord } from "./records.ts";

/** An inbox whose deletion is answered as still running: it is gone afterwards. */
export const INBOX_FAULTS = ["resourceDeleting"] as const;

const MetadataValue = Type.Union([Type.String({ maxLength: 256 }), Type.Number(), Type.Boolean()]);
const MetadataKey = Type.String({ minLength: 1, maxLength: 256 });

const CreateSchema = Type.Object({
  username: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9._-]{1,64}$" })),
  domain: Type.Optional(Type.String()),
  display_name: Type.Optional(Type.String({ maxLength: 256 })),
  client_id: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9._~-]{1,256}$" })),
  metadata: Type.Optional(Type.Record(MetadataKey, MetadataValue, { maxProperties: 256 })),
});

const UpdateSchema = Type.Object(
  {
    display_name: Type.Optional(Type.String({ maxLength: 256 })),
    metadata: Type.Optional(
      Type.Union([
        Type.Null(),
        Type.Record(MetadataKey, Type.Union([MetadataValue, Type.Null()]), {
          minProperties: 1,
          maxProperties: 256,
        }),
      ]),
    ),
  },
  { minProperties: 1 },
);

/** `/v0/inboxes` and `/v0/organizations`. */
export function inboxRoutes(account: Account, authorizer: Authorizer): Route[] {
  return [
    {
      method: "POST",
      path: "/v0/inboxes",
      handle(request) {
        const refusal = authorizer.organization(request, "inbox_create");
        if (refusal) return refusal;
        const body = request.body ?? {};
        if (!Value.Check(CreateSchema, body)) return invalidBody(CreateSchema, body);
        const { username, domain = DOMAIN, ...rest } = body;
        const earlier = rest.client_id === undefined ? undefined : account.inboxOfClientId(rest.client_id);
        if (earlier) return json(200, inboxObject(earlier));
        if (domain !== DOMAIN) return domainNotVerified();
        const { inboxLimit, takenUsernames } = account.settings;
        if (account.inboxes().length >= inboxLimit) return limitExceeded();
        const local = (username ?? `agent-${randomBytes(5).toString("hex")}`).toLowerCase();
        const inboxId = `${local}@${DOMAIN}`;
        if (account.inbox(inboxId) || takenUsernames.includes(local)) return taken();
        return json(200, inboxObject(account.createInbox({ ...fieldsOf(rest), inbox_id: inboxId })));
      },
    },
    {
      method: "GET",
      path: "/v0/inboxes",
      handle(request) {
        const caller = authorizer.caller(request, "inbox_read");
        if (caller.kind === "refused") return caller.reply;
        const visible = account
          .inboxes()
          .filter((inbox) => caller.kind === "organization" || caller.key.inbox_id === inbox.inbox_id);
        const page = pageOf(visible, request.query, account.settings);
        if ("kind" in page) return page;
        return json(200, { ...page.frame, inboxes: page.items.map(inboxObject) });
      },
    },
    {
      method: "GET",
      path: "/v0/inboxes/:inbox",
      handle(request) {
        const found = authorizer.inbox(request, "inbox_read");
        return found.kind === "refused" ? found.reply : json(200, inboxObject(found.inbox));
      },
    },
    {
      method: "PATCH",
      path: "/v0/inboxes/:inbox",
      handle(request) {
        const found = authorizer.inbox(request, "inbox_update");
        if (found.kind === "refused") return found.reply;
        const { body } = request;
        if (!Value.Check(UpdateSchema, body)) return invalidBody(UpdateSchema, body);
        const { display_name, metadata } = body;
        const changed = account.changeInbox(found.inbox, {
          ...(display_name === undefined ? {} : { display_name }),
          ...(metadata === undefined ? {} : { metadata: mergeMetadata(found.inbox.metadata, metadata) }),
        });
        return json(200, inboxObject(changed));
      },
    },
    {
      method: "DELETE",
      path: "/v0/inboxes/:inbox",
      handle(request) {
        const found = authorizer.inbox(request, "inbox_delete");
        if (found.kind === "refused") return found.reply;
        account.removeInbox(found.inbox.inbox_id);
        return request.providerFault === "resourceDeleting" ? resourceDeleting() : json(204, undefined);
      },
    },
    {
      method: "GET",
      path: "/v0/organizations",
      handle(request) {
        const refusal = authorizer.organization(request, "inbox_read");
        if (refusal) return refusal;
        const now = account.clock.nowIso();
        return json(200, {
          organization_id: ORGANIZATION_ID,
          inbox_count: account.inboxes().length,
          inbox_limit: account.settings.inboxLimit,
          domain_count: 0,
          created_at: now,
          updated_at: now,
        });
      },
    },
  ];
}

type Fields = Pick<InboxRecord, "display_name" | "client_id" | "metadata">;

function fieldsOf({ display_name, client_id, metadata }: Fields): Fields {
  return {
    ...(display_name === undefined ? {} : { display_name }),
    ...(client_id === undefined ? {} : { client_id }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

type Metadata = NonNullable<InboxRecord["metadata"]>;

/** Null takes a key away, or all of them. */
function mergeMetadata(
  old: Metadata | undefined,
  change: Record<string, string | number | boolean | null> | null,
): Metadata {
  const merged: Metadata = {};
  if (change === null) return merged;
  for (const [key, value] of Object.entries({ ...old, ...change })) if (value !== null) merged[key] = value;
  return merged;
}

function inboxObject(inbox: InboxRecord): Record<string, unknown> {
  const { position, ...fields } = inbox;
  return { pod_id: POD_ID, email: inbox.inbox_id, ...fields };
}
