import { type Static, Type } from "typebox";
import { SCHEDULE_LIMITS } from "./limits.ts";
import { WEEKDAYS } from "./rule.ts";

const UNITS = ["minute", "hour", "day", "week", "month", "year"] as const;
const LOCAL_MAX_CHARS = 25;

/** When something is to happen, as the model says it. */
export const TIMING_PARAMETERS = {
  at: Type.Optional(
    Type.String({
      maxLength: LOCAL_MAX_CHARS,
      description:
        "Local time: 09:00 (the next one) or 2026-12-24T09:00. With repeat: the first time; by month and year its day counts (31: the last day)",
    }),
  ),
  in_minutes: Type.Optional(
    Type.Integer({ minimum: 1, maximum: SCHEDULE_LIMITS.inMinutesMax, description: "Instead of at" }),
  ),
  repeat: Type.Optional(
    Type.Object(
      {
        every: Type.Integer({ minimum: 1, maximum: SCHEDULE_LIMITS.everyMax }),
        unit: Type.Enum(UNITS, { type: "string" }),
        days: Type.Optional(
          Type.Array(Type.Enum(WEEKDAYS, { type: "string" }), {
            minItems: 1,
            maxItems: WEEKDAYS.length,
            description: "With unit week",
          }),
        ),
        times: Type.Optional(Type.Integer({ minimum: 1, maximum: SCHEDULE_LIMITS.timesMax })),
        until: Type.Optional(Type.String({ maxLength: LOCAL_MAX_CHARS, description: "Last local date" })),
      },
      { additionalProperties: false },
    ),
  ),
  timezone: Type.Optional(
    Type.String({
      maxLength: 64,
      description:
        "IANA name of where the person is, as they told. Default: their profile's. Never guess: ask",
    }),
  ),
};
const Timing = Type.Object(TIMING_PARAMETERS);
export type Timing = Static<typeof Timing>;
export type Repeat = NonNullable<Timing["repeat"]>;
