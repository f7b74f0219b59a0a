import { SMS_LIMITS } from "./limits.ts";

/** 3GPP TS 23.038: the default alphabet, and the extension of which each character counts twice. */
const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const EXTENDED = new Set("^{}\\[~]|€\f");

/** In how many parts a text goes over the air, each of which is paid for. */
export function countParts(text: string): number {
  const characters = [...text];
  const isGsm = characters.every((character) => BASIC.has(character) || EXTENDED.has(character));
  if (!isGsm) return text.length <= 70 ? 1 : Math.ceil(text.length / 67);
  const septets = characters.length + characters.filter((character) => EXTENDED.has(character)).length;
  return septets <= 160 ? 1 : Math.ceil(septets / 153);
}

/** What can be seen of a text: without control characters but line breaks, which are all of one kind. */
export const cleanText = (text: string): string =>
  text
    .normalize("NFC")
    .replace(/\r\n?|[\u2028\u2029]/g, "\n")
    .replace(/[^\P{Cc}\n]+/gu, " ")
    .trim();

/**
 * The sentence that the first message to a number carries. It stays within the alphabet of the network, so that it does not
 * make a plain text cost twice as much.
 */
export function introduction(sender: string): string {
  const plain = [...sender.normalize("NFC")].filter((character) => BASIC.has(character)).join("");
  const name = plain.replace(/\s+/g, " ").trim().slice(0, SMS_LIMITS.senderMaxChars).trim();
  return `From ${name || "an AI assistant"}. Reply STOP to opt out.`;
}

const STOP = new Set(["STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"]);
const START = new Set(["START", "UNSTOP"]);

/** The keyword that a whole message is, if it is one. Source: Telnyx, "Advanced opt-in and opt-out". */
export function keywordOf(text: string): "stop" | "start" | "help" | undefined {
  const word = text.trim().toUpperCase();
  if (STOP.has(word)) return "stop";
  if (START.has(word)) return "start";
  return word === "HELP" ? "help" : undefined;
}
