import { createHash } from "node:crypto";
import type { ResourceOwner } from "../resources/resource-kind.ts";
import type { Inbox } from "./client.ts";

/** What an inbox is made with. The nth try differs in everything that the provider keeps unique. */
export function wantedInbox(
  { instanceId, name }: ResourceOwner,
  nth: number,
): { username: string; clientId: string; metadata: Record<string, string> } {
  const hex = createHash("sha256").update(instanceId).digest("hex").slice(0, 10);
  return {
    username: nth === 1 ? `convos-${hex}` : `convos-${hex}-${nth}`,
    // A resource name has no dot, so the names of two owners never begin alike up to one.
    clientId: nth === 1 ? name : `${name}.g${nth}`,
    metadata: { owner: name, environment: name.slice(0, -instanceId.length - 1) },
  };
}

/** The resource name that an inbox was made under, undefined for one of somebody else. */
export function ownerOf({ clientId, metadata }: Inbox): string | undefined {
  if (clientId !== undefined) return clientId.split(".")[0];
  return typeof metadata.owner === "string" ? metadata.owner : undefined;
}
