import type { DecodedMessage } from "@xmtp/node-sdk";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { explodeSettingsCodec } from "../../agent/convos/content-types/explode-settings.ts";
import { readContent } from "../../agent/convos/content-types/read.ts";

const Inboxes = Type.Array(Type.Object({ inboxId: Type.String() }));
const MembershipChange = Type.Object({
  addedInboxes: Type.Optional(Inboxes),
  removedInboxes: Type.Optional(Inboxes),
  leftInboxes: Type.Optional(Inboxes),
});
const Reply = Type.Object({ content: Type.String() });
const ADDED = 1;
const Reaction = Type.Object({
  content: Type.String(),
  reference: Type.String(),
  action: Type.Literal(ADDED),
});

/** What a message is to a reader; undefined for those that nobody is shown, as profiles and typing. */
export type Shown =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reaction"; readonly emoji: string; readonly to: string }
  | { readonly kind: "ending" }
  | { readonly kind: "members"; readonly added: readonly string[]; readonly removed: readonly string[] };

export function readMessage(message: DecodedMessage): Shown | undefined {
  const { content, contentType } = message;
  if (readContent(message, explodeSettingsCodec)) return { kind: "ending" };
  if (contentType.authorityId === "convos.org") return undefined;
  if (contentType.typeId === "group_updated") return readMembership(content);
  if (typeof content === "string") return { kind: "text", text: content };
  if (contentType.typeId === "reply" && Value.Check(Reply, content))
    return { kind: "text", text: content.content };
  if (contentType.typeId === "reaction")
    return Value.Check(Reaction, content)
      ? { kind: "reaction", emoji: content.content, to: content.reference }
      : undefined;
  return message.fallback ? { kind: "text", text: message.fallback } : undefined;
}

function readMembership(content: unknown): Shown | undefined {
  if (!Value.Check(MembershipChange, content)) return undefined;
  const ids = (inboxes: readonly { inboxId: string }[] = []) => inboxes.map(({ inboxId }) => inboxId);
  const added = ids(content.addedInboxes);
  const removed = [...ids(content.removedInboxes), ...ids(content.leftInboxes)];
  return added.length + removed.length === 0 ? undefined : { kind: "members", added, removed };
}
