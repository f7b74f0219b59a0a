import { Type } from "typebox";

/** What the bodies of requests and answers are made of. Unknown fields are refused everywhere. */

export const strict = { additionalProperties: false } as const;

export const Nullable = (description: string) =>
  Type.Unsafe<string | null>({ type: ["string", "null"], description });

export const Time = (description: string) => Type.String({ format: "date-time", description });

/** Something that can be read, without the control characters that break lists and links. */
export const VISIBLE = "^[^\\u0000-\\u001f\\u007f]*[^\\s\\u0000-\\u001f\\u007f][^\\u0000-\\u001f\\u007f]*$";
