import { randomBytes } from "node:crypto";
import { OpenRouterClient } from "../../activities/openrouter/client.ts";
import type { LiveContext } from "./suite.ts";

/** What a key that is made for a test may spend. */
const LIMIT_USD = 1;

export const missingModelKey = ({ config }: LiveContext): string | undefined =>
  config.OPENROUTER_API_KEY === undefined && config.OPENROUTER_MANAGEMENT_KEY === undefined
    ? "OPENROUTER_API_KEY, or OPENROUTER_MANAGEMENT_KEY to make one with"
    : undefined;

/** The key that is given, or one that is made and deleted afterwards. */
export async function openModelKey(context: LiveContext): Promise<{ baseUrl: string; key: string }> {
  const { config, cleanup, hide } = context;
  const baseUrl = config.OPENROUTER_BASE_URL;
  if (config.OPENROUTER_API_KEY !== undefined) return { baseUrl, key: config.OPENROUTER_API_KEY };
  const managementKey = config.OPENROUTER_MANAGEMENT_KEY;
  if (managementKey === undefined) throw new Error("there is no key");
  const client = new OpenRouterClient({ baseUrl, managementKey });
  const { key, secret } = await client.createKey(`live-test-${randomBytes(4).toString("hex")}`, LIMIT_USD);
  hide(secret);
  cleanup.defer(() => client.deleteKey(key.hash));
  return { baseUrl, key: secret };
}
