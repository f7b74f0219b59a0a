import { type Static, Type } from "typebox";

/** A message of the conversation that another one refers to. */
const Referred = Type.Object({ messageId: Type.String(), inboxId: Type.String() });

/** Everything the agent can put into the chat, as it is kept until it is there: enough to say it again byte for byte. */
export const Saying = Type.Union([
  Type.Object({
    kind: Type.Literal("text"),
    text: Type.String(),
    isMarkdown: Type.Boolean(),
    /** Shown as an answer to that message. */
    replyTo: Type.Optional(Referred),
  }),
  Type.Object({ kind: Type.Literal("reaction"), emoji: Type.String(), to: Referred }),
  Type.Object({
    kind: Type.Literal("file"),
    filename: Type.String(),
    mimeType: Type.String(),
    base64: Type.String(),
  }),
  Type.Object({
    kind: Type.Literal("thinking"),
    state: Type.Union([Type.Literal("start"), Type.Literal("stop")]),
    targetMessageId: Type.String(),
  }),
]);
export type Saying = Static<typeof Saying>;
