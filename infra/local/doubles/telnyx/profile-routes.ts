import { randomUUID } from "node:crypto";
import Type, { type Static } from "typebox";
import { Value } from "typebox/value";
import { json, type Reply } from "../base/reply.ts";
import type { DoubleRequest, Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import { badRequest, errorReply, missingParameter, notFound } from "./errors.ts";
import { messagingObject } from "./number-object.ts";
import { pageOf } from "./page.ts";
import { isoTime, type ProfileRecord } from "./records.ts";

const NullableString = Type.Union([Type.String(), Type.Null()]);
const ChangeSchema = Type.Object({
  name: Type.Optional(Type.String({ minLength: 1 })),
  whitelisted_destinations: Type.Optional(Type.Array(Type.String({ pattern: "^([A-Z]{2}|\\*)$" }))),
  enabled: Type.Optional(Type.Boolean()),
  webhook_url: Type.Optional(NullableString),
  webhook_failover_url: Type.Optional(NullableString),
  webhook_api_version: Type.Optional(Type.String()),
  daily_spend_limit: Type.Optional(Type.String({ pattern: "^\\d+(\\.\\d+)?$" })),
  daily_spend_limit_enabled: Type.Optional(Type.Boolean()),
});

/** `/messaging_profiles`: names are not unique. */
export function profileRoutes(account: Account): Route[] {
  const withProfile = ({ params }: DoubleRequest, then: (profile: ProfileRecord) => Reply): Reply => {
    const profile = account.profiles.get(params.id ?? "");
    return profile ? then(profile) : notFound();
  };
  const numbersOf = (profile: ProfileRecord) =>
    account.numbers.values().filter(({ messagingProfileId }) => messagingProfileId === profile.id);
  return [
    {
      method: "POST",
      path: "/v2/messaging_profiles",
      handle({ body }) {
        if (!Value.Check(ChangeSchema, body)) return badRequest("The profile is not well-formed.");
        if (body.name === undefined) return missingParameter("/name");
        if (!body.whitelisted_destinations) return missingParameter("/whitelisted_destinations");
        const profile = changed(newProfile(account.nowMs), body, account.nowMs);
        account.profiles.put(profile.id, profile);
        return json(200, { data: profileObject(profile) });
      },
    },
    {
      method: "GET",
      path: "/v2/messaging_profiles",
      handle({ query }) {
        const name = query.get("filter[name][eq]") ?? query.get("filter[name]");
        const part = query.get("filter[name][contains]");
        const profiles = account.profiles
          .values()
          .filter(
            (profile) =>
              (name === null || profile.name === name) && (part === null || profile.name.includes(part)),
          );
        return pageOf(query, profiles.reverse().map(profileObject));
      },
    },
    {
      method: "GET",
      path: "/v2/messaging_profiles/:id",
      handle: (request) => withProfile(request, (profile) => json(200, { data: profileObject(profile) })),
    },
    {
      method: "PATCH",
      path: "/v2/messaging_profiles/:id",
      handle: (request) =>
        withProfile(request, (profile) => {
          const { body } = request;
          if (!Value.Check(ChangeSchema, body)) return badRequest("The change is not well-formed.");
          const after = changed(profile, body, account.nowMs);
          account.profiles.put(profile.id, after);
          return json(200, { data: profileObject(after) });
        }),
    },
    {
      method: "DELETE",
      path: "/v2/messaging_profiles/:id",
      handle: (request) =>
        withProfile(request, (profile) => {
          if (numbersOf(profile).length > 0)
            return errorReply(409, "10021", "Resource in use", "Numbers belong to the messaging profile.");
          account.profiles.remove(profile.id);
          return json(200, { data: profileObject(profile) });
        }),
    },
    {
      method: "GET",
      path: "/v2/messaging_profiles/:id/phone_numbers",
      handle: (request) =>
        withProfile(request, (profile) => pageOf(request.query, numbersOf(profile).map(messagingObject))),
    },
  ];
}

const newProfile = (nowMs: number): ProfileRecord => ({
  id: randomUUID(),
  name: "",
  enabled: true,
  whitelistedDestinations: [],
  webhookUrl: null,
  webhookFailoverUrl: null,
  webhookApiVersion: "2",
  dailySpendLimit: null,
  dailySpendLimitEnabled: false,
  createdAtMs: nowMs,
  updatedAtMs: nowMs,
});

/** Settings that a change leaves out stay as they are; null clears a URL. */
function changed(profile: ProfileRecord, change: Static<typeof ChangeSchema>, nowMs: number): ProfileRecord {
  const { webhook_url: url, webhook_failover_url: failoverUrl } = change;
  return {
    ...profile,
    name: change.name ?? profile.name,
    enabled: change.enabled ?? profile.enabled,
    whitelistedDestinations: change.whitelisted_destinations ?? profile.whitelistedDestinations,
    webhookUrl: url === undefined ? profile.webhookUrl : url || null,
    webhookFailoverUrl: failoverUrl === undefined ? profile.webhookFailoverUrl : failoverUrl || null,
    webhookApiVersion: change.webhook_api_version ?? profile.webhookApiVersion,
    dailySpendLimit: change.daily_spend_limit ?? profile.dailySpendLimit,
    dailySpendLimitEnabled: change.daily_spend_limit_enabled ?? profile.dailySpendLimitEnabled,
    updatedAtMs: nowMs,
  };
}

const profileObject = (profile: ProfileRecord): Record<string, unknown> => ({
  id: profile.id,
  record_type: "messaging_profile",
  name: profile.name,
  enabled: profile.enabled,
  whitelisted_destinations: profile.whitelistedDestinations,
  webhook_url: profile.webhookUrl,
  webhook_failover_url: profile.webhookFailoverUrl,
  webhook_api_version: profile.webhookApiVersion,
  daily_spend_limit: profile.dailySpendLimit,
  daily_spend_limit_enabled: profile.dailySpendLimitEnabled,
  number_pool_settings: null,
  url_shortener_settings: null,
  alpha_sender: null,
  mms_fall_back_to_sms: false,
  mms_transcoding: false,
  mobile_only: false,
  smart_encoding: false,
  created_at: isoTime(profile.createdAtMs),
  updated_at: isoTime(profile.updatedAtMs),
});
