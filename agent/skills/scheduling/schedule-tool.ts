import { randomBytes } from "node:crypto";
import { type Static, Type } from "typebox";
import { defineTool, type Person, type SkillTool, type ToolCall, type ToolResult } from "../kit/tool.ts";
import { ToolError } from "../kit/tool-error.ts";
import { SCHEDULE_LIMITS } from "./limits.ts";
import { nextAfter, runsPerDay } from "./occurrence.ts";
import type { Rule } from "./rule.ts";
import type { Schedule, ScheduleContent, Schedules } from "./schedules.ts";
import { isZone } from "./time-zone.ts";
import { ruleOf } from "./timing.ts";
import { TIMING_PARAMETERS, type Timing } from "./timing-parameters.ts";
import { sayLocal, sayMoment, sayRule } from "./wording.ts";

const TIMEOUT_MS = 15_000;
const ID_BYTES = 3;
/** How many of the next times are told. */
const FORESEEN = 3;

const Parameters = Type.Object(
  {
    action: Type.Enum(["create", "list", "change", "cancel"], { type: "string" }),
    id: Type.Optional(Type.String({ maxLength: 16, description: "For change, cancel" })),
    task: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: SCHEDULE_LIMITS.taskMaxChars,
        description: "What you are to do then, with all you will need to know",
      }),
    ),
    ...TIMING_PARAMETERS,
  },
  { additionalProperties: false },
);
type Parameters = Static<typeof Parameters>;

const DESCRIPTION =
  "Reminders and tasks for later: when one is due, you get its task as a new turn here. Once (at or in_minutes) or repeated (at, repeat). change replaces the task, or all of the timing. Costs nothing until due; then one turn. Least interval 1 minute.";

export interface SchedulingOptions {
  schedules: Schedules;
  /** Something was set up, changed or cancelled. */
  onChange(): void;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

export function createScheduleTool({ schedules, onChange, now = Date.now }: SchedulingOptions): SkillTool {
  const find = (id: string | undefined): Schedule => {
    const found = schedules.all().find((schedule) => schedule.id === id);
    if (found === undefined)
      throw new ToolError("There is no schedule of that id. Use list to see the ids of what is set up.");
    return found;
  };
  const store = (id: string, content: ScheduleContent): Schedule => {
    const nowMs = now();
    const others = schedules.all().filter((schedule) => schedule.id !== id);
    if (others.length >= SCHEDULE_LIMITS.maxSchedules)
      throw new ToolError(`There are ${others.length} schedules, which is the most. Cancel one first.`);
    const runs = [...others.map((other) => other.content), content].reduce(
      (sum, { rule }) => sum + runsPerDay(rule),
      0,
    );
    if (runs > SCHEDULE_LIMITS.allRunsPerDayMax)
      throw new ToolError(
        `All schedules together may run ${SCHEDULE_LIMITS.allRunsPerDayMax} times a day. Make it less often, or cancel one first.`,
      );
    const dueMs = nextAfter(content.rule, nowMs);
    if (dueMs === undefined) throw new ToolError("That schedule has ended. Set up a new one.");
    const schedule = { id, content, dueMs };
    schedules.put(schedule);
    onChange();
    return schedule;
  };
  const timed = (timing: Timing, asker: Person): Rule =>
    ruleOf(timing, { nowMs: now(), ...asker, timezone: asker.timezone });

  const askedNow = ({ inboxId, name }: Person, call: ToolCall) => ({
    askedBy: { inboxId, name },
    askedAtMs: now(),
    isTainted: hasReadForeignWords(call),
  });

  const create = ({ task, ...timing }: Parameters, call: ToolCall): ToolResult => {
    const asker = askerOf(call);
    if (task === undefined) throw new ToolError("Give task: what is to be done then?");
    // The answer to the first use may have been lost.
    const same = schedules
      .all()
      .find(({ content }) => content.callId === call.callId && content.task === task);
    if (same !== undefined) return told("Set up", same, now());
    const { callId } = call;
    const content = { task, rule: timed(timing, asker), callId, ...askedNow(asker, call) };
    return told("Set up", store(freshId(schedules), content), now());
  };
  const change = ({ id, task, ...timing }: Parameters, call: ToolCall): ToolResult => {
    const asker = askerOf(call);
    const { content } = find(id);
    const hasTiming = [timing.at, timing.in_minutes, timing.repeat].some((given) => given !== undefined);
    if (!hasTiming && timing.timezone !== undefined)
      throw new ToolError(
        "With another time zone give the whole timing again: at, and repeat if it repeats.",
      );
    if (!hasTiming && task === undefined) throw new ToolError("Give what to change: the task or the timing.");
    const rule = hasTiming ? timed(timing, asker) : content.rule;
    const asked = task === undefined ? {} : { task, ...askedNow(asker, call) };
    return told("Changed", store(find(id).id, { ...content, rule, ...asked }), now());
  };
  const cancel = ({ id }: Parameters, { mandate }: ToolCall): ToolResult => {
    mandate.requirePerson();
    const { id: found } = find(id);
    schedules.remove(found);
    onChange();
    return { text: `Cancelled ${found}.` };
  };
  const list = (call: ToolCall): ToolResult => {
    const all = schedules.all();
    const timezone = call.asker?.timezone;
    const clock = `It is ${sayMoment(now(), timezone !== undefined && isZone(timezone) ? timezone : undefined)} now.`;
    const lines = all.length === 0 ? ["Nothing is scheduled."] : all.map(listed);
    return { text: [clock, ...lines].join("\n"), isForeign: all.some(({ content }) => content.isTainted) };
  };
  return defineTool({
    name: "schedule",
    description: DESCRIPTION,
    parameters: Parameters,
    effect: "own",
    timeoutMs: TIMEOUT_MS,
    run: async (params, call) => {
      if (params.action === "list") return list(call);
      if (params.action === "create") return create(params, call);
      return params.action === "change" ? change(params, call) : cancel(params, call);
    },
  });
}

/** A task that is due may not set up others: they would go on for ever, and nobody would have asked for them. */
function askerOf({ mandate, asker }: ToolCall): Person {
  mandate.requirePerson();
  if (asker !== undefined) return asker;
  throw new ToolError(
    "A scheduled task can cancel schedules, but not set up or change any. Ask the people here.",
  );
}

/** What foreign words may have put into a task is not to be taken for a person's words when it is due. */
function hasReadForeignWords({ mandate }: ToolCall): boolean {
  try {
    mandate.requireUntainted();
    return false;
  } catch (error) {
    if (error instanceof ToolError) return true;
    throw error;
  }
}

function freshId(schedules: Schedules): string {
  const taken = new Set(schedules.all().map(({ id }) => id));
  for (;;) {
    const id = randomBytes(ID_BYTES).toString("hex");
    if (!taken.has(id)) return id;
  }
}

function told(what: string, { id, content, dueMs }: Schedule, nowMs: number): ToolResult {
  const { rule } = content;
  const zone = rule.timezone ?? "UTC";
  const times: string[] = [];
  for (
    let at: number | undefined = dueMs;
    at !== undefined && times.length < FORESEEN;
    at = nextAfter(rule, at)
  )
    times.push(sayLocal(at, zone));
  return {
    text: `${what}: schedule ${id}, ${sayRule(rule)}. Next: ${times.join("; ")} (${zone}). It is ${sayLocal(nowMs, zone)} now.`,
  };
}

function listed({ id, content, dueMs }: Schedule): string {
  const { task, rule, askedBy } = content;
  const max = SCHEDULE_LIMITS.listedTaskMaxChars;
  const short = task.replace(/\s+/g, " ");
  const words = short.length > max ? `${short.slice(0, max)}…` : short;
  return `${id}: ${sayRule(rule)}; next ${sayMoment(dueMs, rule.timezone)}; for ${askedBy.name}: ${words}`;
}
