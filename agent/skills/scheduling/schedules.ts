import { type Static, Type } from "typebox";
import { Rule } from "./rule.ts";

/** What is kept of a schedule besides its id and when it is due; these are people's words, and are sealed where they lie. */
export const ScheduleContent = Type.Object({
  /** What is to be done then. */
  task: Type.String(),
  rule: Rule,
  /** The person who asked for this task. */
  askedBy: Type.Object({ inboxId: Type.String(), name: Type.String() }),
  askedAtMs: Type.Integer(),
  /** Foreign words had been read in the turn that set it up, and may be in its task. */
  isTainted: Type.Boolean(),
  /** The use of the tool that set it up; repeated, it sets up no other. */
  callId: Type.String(),
});
export type ScheduleContent = Static<typeof ScheduleContent>;

export interface Schedule {
  id: string;
  content: ScheduleContent;
  /** The next time. */
  dueMs: number;
}

/** What has been set up. A change is durable when its call returns. */
export interface Schedules {
  /** Soonest first. */
  all(): readonly Schedule[];
  /** Adds a schedule or replaces the one of this id. */
  put(schedule: Schedule): void;
  /** False when there is none. */
  remove(id: string): boolean;
  /**
   * In one transaction: runs `deliver`, notes the origin of the message that it delivers, and moves the schedule to its
   * next time, or removes it when there is none.
   */
  settle(schedule: Schedule, messageId: string, nextMs: number | undefined, deliver: () => void): void;
  /** The inbox id of the person who set up the schedule that a message comes from; undefined for any other message. */
  ownerOf(messageId: string): string | undefined;
  /** Whether what a scheduled message says may hold foreign words: its turn has then read them. False for any other. */
  isTainted(messageId: string): boolean;
}
