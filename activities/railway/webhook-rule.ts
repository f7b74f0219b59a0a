import type { Rule } from "./answers.ts";
import type { RailwayClient } from "./client.ts";

/** What ends a container that was not told to. */
export const CRASH_EVENTS = ["Deployment.crashed", "Deployment.failed", "Deployment.oom_killed"] as const;

/**
 * Has the workspace's deployment events sent to the URL by exactly one rule: more would deliver each event as often.
 * The URL is the webhooks' only secret. Events are hints; what is true is read from the API.
 */
export async function ensureWebhookRule(
  client: RailwayClient,
  url: string,
  eventTypes: readonly string[],
): Promise<{ id: string }> {
  const ours = (await client.notificationRules()).filter((rule) => leadsTo(rule, url));
  const complete = ours.find((rule) => eventTypes.every((type) => rule.eventTypes.includes(type)));
  const kept = complete ?? (await client.createNotificationRule(url, eventTypes));
  for (const { id } of ours) if (id !== kept.id) await client.deleteNotificationRule(id);
  return { id: kept.id };
}

const leadsTo = ({ channels }: Rule, url: string): boolean =>
  channels.some(({ config }) => config.type === "webhook" && config.url === url);
