/** 32 characters, none of which is taken for another when read aloud or copied. */
const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const LENGTH = 6;

/** A random code. 32 divides 256, so every character is equally likely. */
export const confirmationCode = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(LENGTH)), (byte) => ALPHABET[byte % ALPHABET.length]).join(
    "",
  );
