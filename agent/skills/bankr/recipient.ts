import { getAddress, isAddress, zeroAddress } from "viem";
import { ToolError } from "../kit/tool-error.ts";
import { KNOWN_CONTRACTS } from "./assets.ts";

/** An address with its checksum in the case of its letters (EIP-55). Throws ToolError for anything else. */
export function parseRecipient(text: string): string {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text))
    throw new ToolError(
      "Money goes to a full 0x address only, not to a name or handle. Ask the person for the address, 0x and 40 digits.",
    );
  if (!isAddress(text, { strict: true }))
    throw new ToolError(
      "That address has a typing error: its checksum is wrong. Ask the person for it again.",
    );
  const address = getAddress(text);
  if (address === zeroAddress || KNOWN_CONTRACTS.has(address.toLowerCase()))
    throw new ToolError(
      "Money sent to that address would be lost. Ask the person for the recipient's own address.",
    );
  return address;
}
