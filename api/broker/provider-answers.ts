import { Type } from "typebox";

const answer = (description: string) => ({
  description,
  content: { "application/json": { schema: Type.Unknown() } },
});

/** The answers of a route that speaks a provider's language. */
export const PROVIDER_ANSWERS = {
  "2xx": answer("What the provider answered"),
  "4xx": answer("A refusal, by the provider or in its words"),
  "5xx": answer("A failure, of the provider or in its words"),
} as const;
