import { type Static, Type } from "typebox";

/** As people begin the week; the index is the day's number in a rule. */
export const WEEKDAYS = ["mo", "tu", "we", "th", "fr", "sa", "su"] as const;

const Zone = Type.String();

/** When something is to happen, as it is stored. Instants are milliseconds since the epoch. */
export const Rule = Type.Union([
  Type.Object({
    kind: Type.Literal("once"),
    atMs: Type.Integer(),
    /** For showing it; the instant is what counts. */
    timezone: Type.Optional(Zone),
  }),
  /** So much time after each other, whatever the clocks do meanwhile. */
  Type.Object({
    kind: Type.Literal("interval"),
    startMs: Type.Integer(),
    everyMs: Type.Integer({ minimum: 60_000 }),
    endMs: Type.Optional(Type.Integer()),
    timezone: Type.Optional(Zone),
  }),
  /**
   * At a time of the day as clocks in the zone show it. By month and year it is the day of the first time, or the last
   * day of a month that has no such day.
   */
  Type.Object({
    kind: Type.Literal("calendar"),
    /** The first time, and the time of the day of all of them. */
    startWall: Type.Integer(),
    timezone: Zone,
    unit: Type.Union([
      Type.Literal("day"),
      Type.Literal("week"),
      Type.Literal("month"),
      Type.Literal("year"),
    ]),
    every: Type.Integer({ minimum: 1 }),
    /** By week: the days, as indexes of WEEKDAYS, ascending. */
    weekdays: Type.Optional(Type.Array(Type.Integer({ minimum: 0, maximum: 6 }), { minItems: 1 })),
    endMs: Type.Optional(Type.Integer()),
  }),
]);
export type Rule = Static<typeof Rule>;
export type CalendarRule = Extract<Rule, { kind: "calendar" }>;
