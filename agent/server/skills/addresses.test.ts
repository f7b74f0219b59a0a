import { expect, it } from "vitest";
import { addressesIn, canonicalAddress } from "./addresses.ts";

it.each([
  ["Write to Bob.Smith+x@Example.co.uk, please.", ["bob.smith+x@example.co.uk"]],
  ["Text (303) 555-0101 or +44 20 7946 0958", ["+13035550101", "+442079460958"]],
  ["1-303-555-0101", ["+13035550101"]],
  ["Send it to 0xAA6A3283786582B38fEe1E4F75bbc130E9163FBb!", ["0xaa6a3283786582b38fee1e4f75bbc130e9163fbb"]],
  ["On 2026-11-23 at 18:00 for 4", []],
  ["a@b", []],
  ["12345", []],
])("finds the addresses in %s", (text, addresses) => {
  expect(addressesIn(text)).toEqual(addresses);
});

it("compares what a tool is given in the same notation", () => {
  expect(canonicalAddress(" Bob <BOB@example.com> ")).toBe("bob@example.com");
  expect(canonicalAddress("+1 303 555 0101")).toBe("+13035550101");
  expect(canonicalAddress("bob@example.com <mallory@evil.example>")).toBe("mallory@evil.example");
  expect(canonicalAddress("Nobody")).toBe("nobody");
});

it.each([
  "bob@example.com, mallory@evil.example",
  "bob@example.com_evil.example",
  "mallory!bob@example.com",
  "bob@example.com@evil.example",
  "+1 303 555 0101 and +1 303 555 0199",
  "0xAA6A3283786582B38fEe1E4F75bbc130E9163FBb.eth",
])("does not take %s for the address in it", (given) => {
  expect(addressesIn(given)).not.toContain(canonicalAddress(given));
});
