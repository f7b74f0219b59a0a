import Type from "typebox";
import { Value } from "typebox/value";
import { json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import { type Authorizer, type Caller, holds } from "./authorize.ts";
import { invalidBody, notFound, permissionEscalation } from "./errors.ts";
import { pageOf } from "./paging.ts";
import { PERMISSIONS } from "./permissions.ts";
import type { KeyRecord } from "./records.ts";

const CreateSchema = Type.Object({
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  permissions: Type.Optional(
    Type.Object(
      Object.fromEntries(PERMISSIONS.map((name) => [name, Type.Optional(Type.Boolean())] as const)),
      { additionalProperties: false },
    ),
  ),
});
const GrantsSchema = Type.Record(Type.String(), Type.Boolean());

/** Keys that know one inbox only, and the organisation's list of all of them. Names are not unique. */
export function keyRoutes(account: Account, authorizer: Authorizer): Route[] {
  return [
    {
      method: "POST",
      path: "/v0/inboxes/:inbox/api-keys",
      handle(request) {
        const found = authorizer.inbox(request, "api_key_create");
        if (found.kind === "refused") return found.reply;
        const body = request.body ?? {};
        if (!Value.Check(CreateSchema, body)) return invalidBody(CreateSchema, body);
        const permissions = Value.Check(GrantsSchema, body.permissions) ? body.permissions : undefined;
        if (escalates(found.caller, permissions)) return permissionEscalation();
        const { key, secret } = account.createKey({
          inbox_id: found.inbox.inbox_id,
          name: body.name ?? "Untitled key",
          ...(permissions === undefined ? {} : { permissions }),
        });
        const { type, updated_at, ...shown } = keyObject(key);
        return json(200, { ...shown, api_key: secret });
      },
    },
    {
      method: "GET",
      path: "/v0/inboxes/:inbox/api-keys",
      handle(request) {
        const found = authorizer.inbox(request, "api_key_read");
        if (found.kind === "refused") return found.reply;
        const page = pageOf(account.keysOf(found.inbox.inbox_id), request.query, account.settings);
        if ("kind" in page) return page;
        return json(200, { ...page.frame, api_keys: page.items.map(keyObject) });
      },
    },
    {
      method: "DELETE",
      path: "/v0/inboxes/:inbox/api-keys/:key",
      handle(request) {
        const found = authorizer.inbox(request, "api_key_delete");
        if (found.kind === "refused") return found.reply;
        const key = account.key(request.params.key ?? "");
        if (key?.inbox_id !== found.inbox.inbox_id) return notFound("API key");
        account.removeKey(key.api_key_id);
        return json(204, undefined);
      },
    },
    {
      method: "GET",
      path: "/v0/api-keys",
      handle(request) {
        const refusal = authorizer.organization(request, "api_key_read");
        if (refusal) return refusal;
        const page = pageOf(account.keys(), request.query, account.settings);
        if ("kind" in page) return page;
        return json(200, { ...page.frame, api_keys: page.items.map(keyObject) });
      },
    },
    {
      method: "DELETE",
      path: "/v0/api-keys/:key",
      handle(request) {
        const refusal = authorizer.organization(request, "api_key_delete");
        if (refusal) return refusal;
        const key = account.key(request.params.key ?? "");
        if (!key) return notFound("API key");
        account.removeKey(key.api_key_id);
        return json(204, undefined);
      },
    },
  ];
}

/** A key may pass on only what it holds; without a list the new key would hold everything. */
function escalates(caller: Caller, wanted: Record<string, boolean> | undefined): boolean {
  return PERMISSIONS.some((name) => (wanted === undefined || wanted[name] === true) && !holds(caller, name));
}

function keyObject(key: KeyRecord) {
  const { position, sha256, ...fields } = key;
  return { type: "bearer", ...fields };
}
