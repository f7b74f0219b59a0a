import type Telnyx from "telnyx";
import { Type } from "typebox";
import { PlatformError } from "../../domain/errors.ts";
import { AvailableNumber, MessagingProfile, MessagingSettings, NumberOrder, PhoneNumber } from "./answers.ts";
import { Calls, orAbsent } from "./calls.ts";
import { openSdk, type TelnyxOptions } from "./sdk.ts";

/** What a messaging profile is made with and kept at. */
export interface ProfileSettings {
  whitelisted_destinations: string[];
  webhook_api_version: "2";
  enabled: true;
  daily_spend_limit: string;
  daily_spend_limit_enabled: true;
  webhook_url?: string;
}

const Ignored = Type.Unknown();

/**
 * The part of Telnyx's API that the platform uses. No call retries: after any failure the next attempt starts with a
 * look-up. Source: provider document "API v2".
 */
export class TelnyxClient {
  readonly #sdk: Telnyx;
  readonly #calls: Calls;

  constructor(options: TelnyxOptions | { sdk: Telnyx; calls: Calls }) {
    this.#sdk = "sdk" in options ? options.sdk : openSdk(options);
    this.#calls = "sdk" in options ? options.calls : new Calls();
  }

  /** The same client whose requests all end within the time given. */
  within(budgetMs: number): TelnyxClient {
    return new TelnyxClient({
      sdk: this.#sdk,
      calls: new Calls(Math.min(budgetMs, this.leftMs)),
    });
  }

  get leftMs(): number {
    return this.#calls.leftMs;
  }

  /** Waits, if another request fits in after the wait; false when the time is over. */
  pause(ms: number): Promise<boolean> {
    return this.#calls.pause(ms);
  }

  findProfiles(name: string): Promise<MessagingProfile[]> {
    return this.#calls.pages(MessagingProfile, (page, options) =>
      this.#sdk.messagingProfiles.list({ ...page, "filter[name][eq]": name }, options),
    );
  }

  createProfile(name: string, settings: ProfileSettings): Promise<MessagingProfile> {
    return this.#calls.change(MessagingProfile, (options) =>
      this.#sdk.messagingProfiles.create({ name, ...settings }, options),
    );
  }

  updateProfile(id: string, settings: ProfileSettings): Promise<MessagingProfile> {
    return this.#calls.change(MessagingProfile, (options) =>
      this.#sdk.messagingProfiles.update(id, settings, options),
    );
  }

  /** Local US numbers with SMS that may be ordered now, none that the account has on hold. May be empty. */
  searchNumbers(limit: number): Promise<AvailableNumber[]> {
    const filter = {
      country_code: "US",
      features: ["sms" as const],
      phone_number_type: "local" as const,
      exclude_held_numbers: true,
      limit,
    };
    return this.#calls.read(Type.Array(AvailableNumber), (options) =>
      this.#sdk.availablePhoneNumbers.list({ filter }, options),
    );
  }

  /** Orders one number. It may be bought even when the answer is lost. */
  orderNumber(phoneNumber: string, profileId: string, customerReference: string): Promise<NumberOrder> {
    const body = {
      phone_numbers: [{ phone_number: phoneNumber }],
      // Numbers that are bought without a profile come without SMS.
      messaging_profile_id: profileId,
      customer_reference: customerReference,
    };
    return this.#calls.change(NumberOrder, (options) => this.#sdk.numberOrders.create(body, options));
  }

  readOrder(id: string): Promise<NumberOrder> {
    return this.#calls.read(NumberOrder, (options) => this.#sdk.numberOrders.retrieve(id, options));
  }

  listOrders(filter: { customer_reference?: string; status?: string }): Promise<NumberOrder[]> {
    return this.#calls.pages(NumberOrder, (page, options) =>
      this.#sdk.numberOrders.list({ ...page, filter }, options),
    );
  }

  /** One that cannot be cancelled any more is left as it is. */
  async cancelSubOrder(id: string): Promise<void> {
    try {
      await this.#calls.change(Ignored, (options) => orAbsent(this.#sdk.subNumberOrders.cancel(id, options)));
    } catch (error) {
      const isRefused =
        error instanceof PlatformError && (error.code === "conflict" || error.code === "invalid");
      if (!isRefused) throw error;
    }
  }

  /** `phone_number` is digits that a number contains: the provider finds nothing for a `+`. */
  listNumbers(filter: {
    customer_reference?: string;
    tag?: string;
    phone_number?: string;
  }): Promise<PhoneNumber[]> {
    return this.#calls.pages(PhoneNumber, (page, options) =>
      this.#sdk.phoneNumbers.list({ ...page, filter }, options),
    );
  }

  async updateNumber(id: string, change: { tags: string[]; customer_reference: string }): Promise<void> {
    await this.#calls.change(PhoneNumber, (options) => this.#sdk.phoneNumbers.update(id, change, options));
  }

  /** Releases the number; one that is gone already is a success. */
  async deleteNumber(id: string): Promise<void> {
    await this.#calls.change(Ignored, (options) => orAbsent(this.#sdk.phoneNumbers.delete(id, options)));
  }

  /** Undefined for some seconds after the purchase. */
  readMessaging(id: string): Promise<MessagingSettings | undefined> {
    return this.#calls.read(MaybeMessaging, (options) =>
      orAbsent(this.#sdk.phoneNumbers.messaging.retrieve(id, options)),
    );
  }

  /** Undefined for some seconds after the purchase. */
  assignProfile(id: string, profileId: string): Promise<MessagingSettings | undefined> {
    const body = { messaging_profile_id: profileId };
    return this.#calls.change(MaybeMessaging, (options) =>
      orAbsent(this.#sdk.phoneNumbers.messaging.update(id, body, options)),
    );
  }
}

const MaybeMessaging = Type.Union([MessagingSettings, Type.Undefined()]);
