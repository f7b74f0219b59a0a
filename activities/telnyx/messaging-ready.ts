import type { PhoneNumber } from "./answers.ts";
import type { TelnyxClient } from "./client.ts";

/**
 * Whether the number takes SMS for the profile. Gives it to the profile when it belongs to another. False also while
 * the provider is still setting it up.
 */
export async function isMessagingReady(
  client: TelnyxClient,
  number: PhoneNumber,
  profileId: string,
): Promise<boolean> {
  const present = await client.readMessaging(number.id);
  if (!present) return false;
  const messaging =
    present.messaging_profile_id === profileId ? present : await client.assignProfile(number.id, profileId);
  return messaging?.messaging_profile_id === profileId && Boolean(messaging.features?.sms);
}

/** Puts the name on the number, as reference and as tag, and takes off what it carried before. */
export async function nameNumber(client: TelnyxClient, number: PhoneNumber, name: string): Promise<void> {
  await client.updateNumber(number.id, { tags: [name], customer_reference: name });
}
