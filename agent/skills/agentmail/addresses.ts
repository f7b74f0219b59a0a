import { ToolError } from "../kit/tool-error.ts";
import { MAIL_LIMITS } from "./limits.ts";

/** Plain addresses as calendars and mail servers take them everywhere: no quotes, no comments, no line breaks. */
const ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;
const NAMED = /^[^<>\p{Cc}]*<([^<>\s]+)>$/u;

/** The address in `Name <address>` or `address`, in lower case; undefined when there is none. */
export function bareAddress(text: string): string | undefined {
  const trimmed = text.trim();
  const address = NAMED.exec(trimmed)?.[1] ?? trimmed;
  return address.length <= MAIL_LIMITS.addressMaxChars && ADDRESS.test(address)
    ? address.toLowerCase()
    : undefined;
}

/** Each address once, in lower case and without names. Throws ToolError for the first that is none. */
export function addressesOf(given: readonly string[]): string[] {
  const all = given.map((text) => {
    const address = bareAddress(text);
    if (address === undefined)
      throw new ToolError(`"${text.slice(0, 100)}" is not a mail address; it looks like name@example.com.`);
    return address;
  });
  const unique = [...new Set(all)];
  if (unique.length > MAIL_LIMITS.recipientsMax)
    throw new ToolError(`At most ${MAIL_LIMITS.recipientsMax} people can be written to at once.`);
  return unique;
}
