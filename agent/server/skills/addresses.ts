/**
 * The addresses in a text, each in the one notation that it is compared by: a mail address in lower case, a phone number as
 * E.164 (ten digits are of North America), a wallet as `0x` and forty hex digits in lower case.
 */
export function addressesIn(text: string): readonly string[] {
  const wallets = text.match(WALLET) ?? [];
  const mails = text.match(MAIL) ?? [];
  // Digits of a wallet or of a mail address are no phone number.
  const rest = text.replace(WALLET, " ").replace(MAIL, " ");
  const phones = (rest.match(PHONE) ?? []).flatMap((phone) => toE164(phone) ?? []);
  return [...wallets, ...mails].map((address) => address.toLowerCase()).concat(phones);
}

/**
 * One address, also as `Name <address>`, as `addressesIn` would give it; anything else in lower case. What holds more than
 * the address is something else: a provider may read it otherwise.
 */
export function canonicalAddress(address: string): string {
  const bare = (/^[^<>]*<([^<>]*)>$/.exec(address.trim())?.[1] ?? address).trim();
  const [found, ...others] = addressesIn(bare);
  const isWhole = [WALLET, MAIL, PHONE].some((kind) => bare.replace(kind, "") === "");
  return found !== undefined && others.length === 0 && isWhole ? found : bare.toLowerCase();
}

const WALLET = /\b0x[0-9a-f]{40}\b/gi;
const MAIL = /[\p{L}\p{N}._%+'-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}[\p{L}]{2,24}/giu;
const PHONE = /\+?\(?\d[\d\s().\-/]{5,24}\d/g;

function toE164(phone: string): string | undefined {
  const digits = phone.replaceAll(/\D/g, "");
  if (phone.startsWith("+")) return digits.length >= 8 && digits.length <= 15 ? `+${digits}` : undefined;
  if (digits.length === 10) return `+1${digits}`;
  return digits.length === 11 && digits.startsWith("1") ? `+${digits}` : undefined;
}
