import Type, { type Static } from "typebox";

/** How this account is set up and where the provider's documents leave a choice. Changed by PATCH. */
export const SettingsSchema = Type.Object(
  {
    /** Credits ever bought, in USD. The balance is this less everything the account has spent. */
    totalCreditsUsd: Type.Number({ minimum: 0 }),
    /** The status of "key limit exceeded": widely seen as 403, documented as 402. */
    keyLimitStatus: Type.Union([Type.Literal(403), Type.Literal(402)]),
    /** How long a charge stays invisible in usage and limits. */
    usageLagMs: Type.Integer({ minimum: 0 }),
    /** `omitExternalUser`: as the published examples; `unknownField`: a field nobody has heard of. */
    schemaDrift: Type.Union([
      Type.Literal("none"),
      Type.Literal("omitExternalUser"),
      Type.Literal("unknownField"),
    ]),
    /** More key deletions than this within a second are answered with 429. */
    maxDeletesPerSecond: Type.Integer({ minimum: 1 }),
    /** Answers of Perplexity carry its own `citations` and `search_results` beside the annotations; not documented. */
    passesSearchLists: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type Settings = Static<typeof SettingsSchema>;

export const DEFAULT_SETTINGS: Settings = {
  totalCreditsUsd: 1_000,
  keyLimitStatus: 403,
  usageLagMs: 0,
  schemaDrift: "none",
  maxDeletesPerSecond: 20,
  passesSearchLists: false,
};
