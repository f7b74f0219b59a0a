import { type Static, Type } from "typebox";
import { Nullable, strict } from "./common.ts";

export const ProviderList = Type.Object(
  {
    providers: Type.Array(
      Type.Object(
        {
          provider: Type.String({ description: "As the ledger names it." }),
          account: Type.String({ description: "Everything that shares its limits at the provider." }),
          configured: Type.Boolean({ description: "Whether this platform has a key for it." }),
          buckets: Type.Array(
            Type.Object(
              {
                bucket: Type.String({ description: "`requests`, or a narrower limit of the account." }),
                tokens: Type.Number({ description: "Requests that may be sent at once, now." }),
                capacity: Type.Number(),
                refillPerSecond: Type.Number(),
                minGapMs: Type.Number({ description: "Between any two requests." }),
                blockedUntil: Type.Unsafe<string | null>({
                  type: ["string", "null"],
                  format: "date-time",
                  description: "Until when the provider asked not to be asked; null when it may be.",
                }),
                requests: Type.Integer({ minimum: 0, description: "Let through so far." }),
                refused: Type.Integer({ minimum: 0, description: "Not sent, for want of a token in time." }),
                throttled: Type.Integer({ minimum: 0, description: "Answered as too many." }),
              },
              strict,
            ),
            { description: "Empty until the first request." },
          ),
          resources: Type.Unsafe<Record<string, Record<string, number>>>({
            type: "object",
            additionalProperties: {
              type: "object",
              additionalProperties: { type: "integer", minimum: 0 },
            },
            description:
              "How many of each kind the ledger has in each state; those that have ended are left out.",
          }),
          lastError: Nullable("Of the catalogue: the newest of a resource that has not ended."),
        },
        strict,
      ),
    ),
  },
  strict,
);
export type ProviderList = Static<typeof ProviderList>;
