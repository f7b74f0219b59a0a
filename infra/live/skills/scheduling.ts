import { createSchedules } from "../../../agent/server/state/schedules.ts";
import { createSchedulingSkill } from "../../../agent/skills/scheduling/index.ts";
import { match, seen } from "../seen.ts";
import { openState } from "../state.ts";
import { defineSuite } from "../suite.ts";
import { openTools, type ToolScene } from "../tools.ts";

/** Needs nothing but this machine. */
export const scheduling = defineSuite<ToolScene>({
  skill: "scheduling",
  open: async (context) => {
    const { database, vault } = await openState(context);
    const schedules = createSchedules(database, vault);
    return openTools(context, () => createSchedulingSkill({ schedules, onChange: () => undefined }));
  },
  steps: [
    {
      name: "sets up something for each weekday, lists and cancels it",
      costUsd: 0,
      run: async ({ use }, signal) => {
        const repeat = { every: 1, unit: "week", days: ["mo", "tu", "we", "th", "fr"] };
        const timing = { at: "09:00", timezone: "Europe/Berlin", repeat };
        const made = await use("schedule", { action: "create", task: "Say good morning", ...timing }, signal);
        const id = match(made, /schedule ([0-9a-f]+)/, "it has an id");
        match(await use("schedule", { action: "list" }, signal), new RegExp(id), "it is listed");
        await use("schedule", { action: "cancel", id }, signal);
        const left = await use("schedule", { action: "list" }, signal);
        seen(!left.includes(id), "it is gone", left);
        return match(made, /Next: ([^;]+)/, "its next time is told");
      },
    },
  ],
});
