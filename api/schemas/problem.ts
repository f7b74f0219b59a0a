import { Type } from "typebox";
import { ERROR_CODES } from "../problems.ts";
import { strict } from "./common.ts";

export const ProblemBody = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ enum: ERROR_CODES }),
    retryable: Type.Boolean({ description: "Whether the same request may succeed later as it is." }),
    hint: Type.String({ description: "What the caller can do." }),
    detail: Type.Optional(Type.String({ description: "Names fields, parts and ids, never values." })),
    instance: Type.String({ description: "Under this id the gateway's log has the request." }),
  },
  { ...strict, description: "A problem document (RFC 9457)." },
);

/** The answers that every route may give besides its own. */
export const PROBLEMS = {
  "4xx": { description: "A problem", content: { "application/problem+json": { schema: ProblemBody } } },
  "5xx": { description: "A problem", content: { "application/problem+json": { schema: ProblemBody } } },
} as const;
