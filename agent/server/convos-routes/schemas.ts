import { Type } from "typebox";
import { LIMITS } from "../../../domain/limits.ts";

const closed = { additionalProperties: false };

const Wishes = {
  /** The agent's display name and the name of a conversation of its own. */
  name: Type.Optional(Type.String({ minLength: 1, maxLength: LIMITS.nameMaxChars })),
  instructions: Type.Optional(Type.String({ maxLength: LIMITS.instructionsMaxChars })),
};

export const ConversationBody = Type.Object(Wishes, closed);

export const JoinBody = Type.Object(
  { ...Wishes, inviteUrl: Type.String({ minLength: 1, maxLength: LIMITS.joinUrlMaxChars }) },
  closed,
);

export const LockBody = Type.Object({ locked: Type.Boolean() }, closed);

export const ExplodeBody = Type.Object({}, closed);
