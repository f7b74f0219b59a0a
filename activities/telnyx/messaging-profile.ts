import type { MessagingProfile } from "./answers.ts";
import type { ProfileSettings, TelnyxClient } from "./client.ts";

/** The one messaging profile of an environment. */
export interface EnvironmentProfile {
  /** `<prefix>-<environment>`. */
  name: string;
  /** Where messages and their states are reported; what the profile has is kept unless given. */
  webhookUrl?: string;
  /** The provider's only limit on the cost of messages, for all numbers of the environment together. */
  dailySpendLimitUsd?: number;
}

const DEFAULT_DAILY_SPEND_LIMIT_USD = 5;

/**
 * Ends with the environment's profile at its settings, and returns its id. Names are not unique at the provider: of
 * several profiles everybody takes the oldest.
 */
export async function ensureMessagingProfile(
  client: TelnyxClient,
  wanted: EnvironmentProfile,
): Promise<string> {
  const settings: ProfileSettings = {
    whitelisted_destinations: ["US"],
    webhook_api_version: "2",
    enabled: true,
    daily_spend_limit: (wanted.dailySpendLimitUsd ?? DEFAULT_DAILY_SPEND_LIMIT_USD).toFixed(2),
    daily_spend_limit_enabled: true,
    ...(wanted.webhookUrl === undefined ? {} : { webhook_url: wanted.webhookUrl }),
  };
  const named = (await client.findProfiles(wanted.name)).filter(({ name }) => name === wanted.name);
  const [oldest] = named.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  if (!oldest) return (await client.createProfile(wanted.name, settings)).id;
  if (!hasSettings(oldest, settings)) await client.updateProfile(oldest.id, settings);
  return oldest.id;
}

const orderOf = ({ created_at: createdAt, id }: MessagingProfile): string => `${createdAt ?? ""} ${id}`;

function hasSettings(profile: MessagingProfile, settings: ProfileSettings): boolean {
  return (
    profile.whitelisted_destinations?.join() === settings.whitelisted_destinations.join() &&
    profile.webhook_api_version === settings.webhook_api_version &&
    profile.enabled === settings.enabled &&
    Number(profile.daily_spend_limit) === Number(settings.daily_spend_limit) &&
    profile.daily_spend_limit_enabled === settings.daily_spend_limit_enabled &&
    (settings.webhook_url === undefined || profile.webhook_url === settings.webhook_url)
  );
}
