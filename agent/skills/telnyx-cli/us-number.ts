import { parsePhoneNumberFromString } from "libphonenumber-js/min";
import { ToolError } from "../kit/tool-error.ts";

const REGIONS = new Intl.DisplayNames("en", { type: "region" });

/**
 * A phone number of the United States in E.164, from any usual notation. Throws ToolError for anything else: the messaging
 * profile reaches no other country.
 */
export function usNumber(text: string): string {
  const phone = parsePhoneNumberFromString(text, { defaultCountry: "US", extract: false });
  if (phone?.country !== undefined && phone.country !== "US") {
    const region = REGIONS.of(phone.country) ?? phone.country;
    throw new ToolError(
      `${phone.number} is a number of ${region}. Text messages can only go to the United States.`,
    );
  }
  if (phone === undefined || !phone.isValid() || phone.ext !== undefined)
    throw new ToolError(
      "That is not a phone number of the United States. Give one like +13125550142, without an extension.",
    );
  return phone.number;
}
