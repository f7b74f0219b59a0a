import { expect, it } from "vitest";
import { parseRecipient } from "./recipient.ts";

// From the examples of EIP-55.
const EXAMPLES = [
  "0x52908400098527886E0F7030069857D2E4169EE7",
  "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
  "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
  "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
];

it("takes addresses with a right checksum, or without one", () => {
  for (const address of EXAMPLES) {
    expect(parseRecipient(address)).toBe(address);
    expect(parseRecipient(address.toLowerCase())).toBe(address);
  }
});

it.each([
  ["0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "typing error"],
  ["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe", "full 0x address"],
  ["vitalik.eth", "not to a name or handle"],
  ["@bob", "not to a name or handle"],
  [`0x${"0".repeat(40)}`, "would be lost"],
  ["0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", "would be lost"],
])("refuses %s", (text, sentence) => {
  expect(() => parseRecipient(text)).toThrow(sentence);
});
