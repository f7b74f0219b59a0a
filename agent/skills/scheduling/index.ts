import type { Skill } from "../kit/skill.ts";
import { createScheduleTool, type SchedulingOptions } from "./schedule-tool.ts";

export type { SchedulingOptions } from "./schedule-tool.ts";
export { startScheduler } from "./scheduler.ts";
export type { Schedules } from "./schedules.ts";

/** Reminders and tasks for later. What is due becomes a turn by `startScheduler`. */
export function createSchedulingSkill(options: SchedulingOptions): Skill {
  const { schedules } = options;
  return {
    name: "scheduling",
    needsNothing: true,
    tools: [createScheduleTool(options)],
    setup: async (signal) => {
      signal.throwIfAborted();
      return { state: "ready", detail: `Runs in the agent itself; ${schedules.all().length} set up.` };
    },
  };
}
