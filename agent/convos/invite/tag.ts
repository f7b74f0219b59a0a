import { randomInt } from "node:crypto";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const TAG_CHARS = 10;

/** A fresh invite tag: 10 random characters of `[A-Za-z0-9]`. A group's new tag kills all its older invites. */
export const generateTag = (): string =>
  Array.from({ length: TAG_CHARS }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join("");
