import { json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import type { Authorizer } from "./authorize.ts";
import { errorReply } from "./errors.ts";
import { keyObject } from "./key-record.ts";
import { modelObject } from "./model-object.ts";
import { CATALOGUE } from "./models.ts";

const FREE_MODEL_DAILY_REQUESTS = 1_000;

/** What a key may ask about itself, the account's money, and the public catalogue. */
export function accountRoutes(account: Account, authorizer: Authorizer): Route[] {
  return [
    {
      method: "GET",
      path: "/api/v1/key",
      handle(request) {
        const credentials = authorizer.any(request);
        if (credentials.kind === "refused") return credentials.reply;
        const isManagement = credentials.kind === "management";
        const facts = isManagement
          ? MANAGEMENT_KEY_FACTS
          : keyFacts(keyObject(credentials.key, account.nowMs));
        return json(200, {
          data: {
            ...facts,
            allowed_data_regions: ["global"],
            free_model_daily_requests: {
              limit: FREE_MODEL_DAILY_REQUESTS,
              remaining: FREE_MODEL_DAILY_REQUESTS,
              used: 0,
            },
            organization_id: null,
            is_free_tier: false,
            is_management_key: isManagement,
            is_provisioning_key: isManagement,
            rate_limit: {
              requests: -1,
              interval: "10s",
              note: "This field is deprecated and safe to ignore.",
            },
          },
        });
      },
    },
    {
      method: "GET",
      path: "/api/v1/credits",
      handle(request) {
        const refusal = authorizer.management(request);
        if (refusal) return refusal;
        return json(200, {
          data: { total_credits: account.settings.totalCreditsUsd, total_usage: account.spentUsd },
        });
      },
    },
    {
      method: "POST",
      path: "/api/v1/credits/coinbase",
      handle: () =>
        errorReply(
          410,
          "gone",
          "The Coinbase APIs used by this endpoint have been deprecated, so the Coinbase Commerce credits API has been removed. Use the web credits purchase flow instead.",
        ),
    },
    {
      method: "GET",
      path: "/api/v1/models",
      handle: () =>
        json(200, { data: CATALOGUE.map(modelObject), total_count: CATALOGUE.length, links: { next: null } }),
    },
  ];
}

/** The part of a KeyObject that `GET /key` shows: a key does not learn its own hash or name. */
function keyFacts(full: Record<string, unknown>): Record<string, unknown> {
  const { hash, name, disabled, created_at, updated_at, external_user, ...facts } = full;
  return facts;
}

const MANAGEMENT_KEY_FACTS = {
  label: "management",
  limit: null,
  limit_remaining: null,
  limit_reset: null,
  include_byok_in_limit: false,
  usage: 0,
  usage_daily: 0,
  usage_weekly: 0,
  usage_monthly: 0,
  byok_usage: 0,
  byok_usage_daily: 0,
  byok_usage_weekly: 0,
  byok_usage_monthly: 0,
  expires_at: null,
  creator_user_id: null,
  workspace_id: null,
};
