import Type, { type Static, type TSchema } from "typebox";
import { Value } from "typebox/value";
import { json, type Reply } from "../base/reply.ts";
import type { DoubleRequest, Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import type { Authorizer } from "./authorize.ts";
import { badRequest, resourceNotFound, throttled } from "./errors.ts";
import { DEFAULT_WORKSPACE_ID, type KeyRecord, keyObject, LimitResetSchema } from "./key-record.ts";

const PAGE_SIZE = 100;

const Limit = Type.Union([Type.Number({ minimum: 0 }), Type.Null()]);
const NullableString = Type.Union([Type.String(), Type.Null()]);

const CreateSchema = Type.Object({
  name: Type.String({ minLength: 1 }),
  limit: Type.Optional(Limit),
  limit_reset: Type.Optional(LimitResetSchema),
  include_byok_in_limit: Type.Optional(Type.Boolean()),
  expires_at: Type.Optional(NullableString),
  workspace_id: Type.Optional(Type.String()),
  creator_user_id: Type.Optional(NullableString),
});

const ChangeSchema = Type.Object({
  name: Type.Optional(Type.String({ minLength: 1 })),
  disabled: Type.Optional(Type.Boolean()),
  limit: Type.Optional(Limit),
  limit_reset: Type.Optional(LimitResetSchema),
  include_byok_in_limit: Type.Optional(Type.Boolean()),
});

/** `/keys`, for management keys. Names are not unique and there is no idempotency key, as at the provider. */
export function keyRoutes(account: Account, authorizer: Authorizer): Route[] {
  const deletions = new DeletionRate();
  const present = (key: KeyRecord): Record<string, unknown> => {
    const full = keyObject(key, account.nowMs);
    if (account.settings.schemaDrift === "unknownField") return { ...full, added_later: { kind: "unknown" } };
    if (account.settings.schemaDrift === "none") return full;
    const { external_user, ...rest } = full;
    return rest;
  };
  const withKey = (request: DoubleRequest, then: (key: KeyRecord) => Reply): Reply => {
    const refusal = authorizer.management(request);
    if (refusal) return refusal;
    const key = account.key(request.params.hash ?? "");
    return key ? then(key) : resourceNotFound();
  };
  return [
    {
      method: "POST",
      path: "/api/v1/keys",
      handle(request) {
        const refusal = authorizer.management(request);
        if (refusal) return refusal;
        const { body } = request;
        if (!Value.Check(CreateSchema, body)) return badRequest(problem(CreateSchema, body));
        const { expires_at: expiresAt = null } = body;
        if (expiresAt !== null && Number.isNaN(Date.parse(expiresAt)))
          return badRequest("expires_at: not an ISO time");
        const { key, secret } = account.createKey({
          name: body.name,
          limit: body.limit ?? null,
          limit_reset: body.limit_reset ?? null,
          include_byok_in_limit: body.include_byok_in_limit ?? false,
          expires_at: expiresAt,
          creator_user_id: body.creator_user_id ?? null,
          workspace_id: body.workspace_id ?? DEFAULT_WORKSPACE_ID,
        });
        return json(201, { data: present(key), key: secret });
      },
    },
    {
      method: "GET",
      path: "/api/v1/keys",
      handle(request) {
        const refusal = authorizer.management(request);
        if (refusal) return refusal;
        const { query } = request;
        const offset = Number(query.get("offset") ?? 0);
        if (!Number.isSafeInteger(offset) || offset < 0) return badRequest("offset: not a whole number");
        const isDisabledShown = query.get("include_disabled") === "true";
        const workspace = query.get("workspace_id") ?? DEFAULT_WORKSPACE_ID;
        const keys = account
          .keys()
          .filter((key) => key.workspace_id === workspace && (isDisabledShown || !key.disabled));
        return json(200, { data: keys.slice(offset, offset + PAGE_SIZE).map(present) });
      },
    },
    {
      method: "GET",
      path: "/api/v1/keys/:hash",
      handle: (request) => withKey(request, (key) => json(200, { data: present(key) })),
    },
    {
      method: "PATCH",
      path: "/api/v1/keys/:hash",
      handle: (request) =>
        withKey(request, (key) => {
          const { body } = request;
          if (!Value.Check(ChangeSchema, body)) return badRequest(problem(ChangeSchema, body));
          return json(200, { data: present(account.changeKey(key, changeOf(body))) });
        }),
    },
    {
      method: "DELETE",
      path: "/api/v1/keys/:hash",
      handle: (request) =>
        withKey(request, (key) => {
          if (!deletions.take(account.settings.maxDeletesPerSecond)) return throttled(undefined);
          account.removeKey(key.hash);
          return json(200, { deleted: true });
        }),
    },
  ];
}

/** Only the documented fields of a change; anything else in the body is ignored, as the provider does. */
function changeOf(body: Static<typeof ChangeSchema>): Partial<KeyRecord> {
  return {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.disabled === undefined ? {} : { disabled: body.disabled }),
    ...(body.limit === undefined ? {} : { limit: body.limit }),
    ...(body.limit_reset === undefined ? {} : { limit_reset: body.limit_reset }),
    ...(body.include_byok_in_limit === undefined
      ? {}
      : { include_byok_in_limit: body.include_byok_in_limit }),
  };
}

function problem(schema: TSchema, body: unknown): string {
  const first = Value.Errors(schema, body)[0];
  return `${first?.instancePath.slice(1) || "body"}: ${first?.message ?? "not valid"}`;
}

/** Counts deletions over the last second of real time: the provider throttles bursts. */
class DeletionRate {
  #times: number[] = [];

  take(maxPerSecond: number): boolean {
    const now = performance.now();
    this.#times = this.#times.filter((time) => now - time < 1_000);
    if (this.#times.length >= maxPerSecond) return false;
    this.#times.push(now);
    return true;
  }
}
