import { type Static, Type } from "typebox";

/** An event that the agent has invited to, as it is kept to be changed and cancelled later. */
export const CalendarEvent = Type.Object({
  uid: Type.String(),
  sequence: Type.Integer(),
  /** When this state of it was made; the invitation says so too, the same on every attempt. */
  stampMs: Type.Number(),
  /** The call that made this state of it. */
  callId: Type.String(),
  /** `sent`: everybody has been written to. `open`: not yet, or that is not known. */
  state: Type.Union([Type.Literal("open"), Type.Literal("sent")]),
  isCancelled: Type.Boolean(),
  title: Type.String(),
  /** `2026-03-29T09:30`, or for whole days `2026-03-29`. */
  start: Type.String(),
  /** As the start; of whole days the last one. */
  end: Type.String(),
  /** IANA name; absent for whole days. */
  timezone: Type.Optional(Type.String()),
  location: Type.String(),
  description: Type.String(),
  /** Value of an RRULE as it was asked for, or empty. */
  repeat: Type.String(),
  attendees: Type.Array(Type.String()),
  /** Who was invited before this state of it and is not any more. */
  removed: Type.Array(Type.String()),
});
export type CalendarEvent = Static<typeof CalendarEvent>;

/** Keeps events over restarts. Of very many it forgets those that have not been touched for longest. */
export interface EventStore {
  get(uid: string): CalendarEvent | undefined;
  put(event: CalendarEvent): void;
  remove(uid: string): void;
  /** Those touched last come first. */
  list(limit: number): readonly CalendarEvent[];
}
