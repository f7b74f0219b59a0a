import Type, { type Static } from "typebox";

/** The part of a chat completion request that the double looks at; all else is accepted and ignored. */
export const CompletionRequestSchema = Type.Object({
  model: Type.Optional(Type.String()),
  models: Type.Optional(Type.Array(Type.String())),
  messages: Type.Array(
    Type.Object({
      role: Type.String(),
      content: Type.Optional(Type.Unknown()),
      tool_calls: Type.Optional(
        Type.Array(
          Type.Object({
            id: Type.Optional(Type.String()),
            function: Type.Object({ name: Type.String(), arguments: Type.String() }),
          }),
        ),
      ),
    }),
    { minItems: 1 },
  ),
  tools: Type.Optional(
    Type.Array(
      Type.Object({
        type: Type.String(),
        function: Type.Optional(Type.Object({ name: Type.String() })),
      }),
    ),
  ),
  tool_choice: Type.Optional(Type.Unknown()),
  stream: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  max_tokens: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()])),
  max_completion_tokens: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()])),
  /** Perplexity's own. */
  search_recency_filter: Type.Optional(
    Type.Union((["hour", "day", "week", "month", "year"] as const).map((age) => Type.Literal(age))),
  ),
  search_domain_filter: Type.Optional(Type.Array(Type.String(), { maxItems: 20 })),
  provider: Type.Optional(
    Type.Union([
      Type.Null(),
      Type.Object({
        only: Type.Optional(Type.Union([Type.Null(), Type.Array(Type.String())])),
        data_collection: Type.Optional(Type.Union([Type.Null(), Type.String()])),
        zdr: Type.Optional(Type.Union([Type.Null(), Type.Boolean()])),
      }),
    ]),
  ),
});
export type CompletionRequest = Static<typeof CompletionRequestSchema>;
export type ChatMessage = CompletionRequest["messages"][number];
