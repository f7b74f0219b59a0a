import { expect, test } from "vitest";
import { freshNonce, macOf, verifyMac } from "./proof.ts";

const SECRET = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
// printf 'status-request\nabc' | openssl dgst -sha256 -mac HMAC -macopt hexkey:$SECRET
const MAC = "95d72c28dcecabd79171507dedcce528c424e651778327090e6bd29edd7bebed";

test("a MAC is HMAC-SHA256 under the secret's bytes over the parts joined by line feeds", () => {
  expect(macOf(SECRET, ["status-request", "abc"])).toBe(MAC);
});

test("only the same parts under the same secret verify", () => {
  const parts = ["status-request", "abc"];
  expect(verifyMac(SECRET, parts, MAC)).toBe(true);
  expect(verifyMac(SECRET, parts, MAC.toUpperCase())).toBe(false);
  expect(verifyMac(SECRET, parts, MAC.slice(0, 63))).toBe(false);
  expect(verifyMac(SECRET, parts, "")).toBe(false);
  expect(verifyMac(SECRET, ["status-request", "abd"], MAC)).toBe(false);
  expect(verifyMac("f".repeat(64), parts, MAC)).toBe(false);
});

test("nonces are 32 hex digits and never the same", () => {
  const nonces = new Set(Array.from({ length: 1_000 }, freshNonce));
  expect(nonces.size).toBe(1_000);
  for (const nonce of nonces) expect(nonce).toMatch(/^[0-9a-f]{32}$/);
});
