import { createHash } from "node:crypto";
import { Type } from "typebox";
import { defineTool, type SkillTool, type ToolCall, type ToolResult } from "../kit/tool.ts";
import { ToolError } from "../kit/tool-error.ts";
import { deliver, MaybeSentError } from "./deliver.ts";
import { draftOf, timeOfEvent } from "./event-draft.ts";
import { describeTime, eventMail } from "./event-mail.ts";
import type { CalendarEvent, EventStore } from "./event-store.ts";
import { MAIL_LIMITS } from "./limits.ts";
import { type MailboxOptions, type OpenMailbox, openMailbox } from "./mailbox.ts";

const text = (maxLength: number) => Type.Optional(Type.String({ maxLength }));
const hint = (description: string) => Type.Optional(Type.String({ description }));

export function eventTool(options: MailboxOptions & { events: EventStore }): SkillTool {
  const { events } = options;
  return defineTool({
    name: "email_event",
    description:
      "Invite people to an event by mail; change or cancel it; list yours. Times are local to `timezone`.",
    parameters: Type.Object(
      {
        action: Type.Enum(["create", "update", "cancel", "list"]),
        id: hint("for update, cancel"),
        title: text(MAIL_LIMITS.titleMaxChars),
        start: hint("2026-03-29T09:30 or 2026-03-29"),
        end: hint("whole days: last day"),
        timezone: hint("IANA"),
        location: text(MAIL_LIMITS.locationMaxChars),
        description: text(MAIL_LIMITS.descriptionMaxChars),
        attendees: Type.Optional(Type.Array(Type.String())),
        repeat: hint("RRULE"),
      },
      { additionalProperties: false },
    ),
    effect: "outside",
    timeoutMs: 120_000,
    run: async ({ action, id, ...params }, call) => {
      if (action === "list") return list(events);
      call.mandate.requirePerson();
      const box = await openMailbox(options);
      const uid = action === "create" ? newUid(box, call) : (id ?? "");
      const before = events.get(uid);
      // The same call again: what it has made is sent as it was made then.
      if (before?.callId === call.callId) return send(events, box, call, before, () => undefined);
      if (action !== "create" && (before === undefined || before.isCancelled))
        throw new ToolError("There is no such event; the action list shows those that there are.");
      const isCancelled = action === "cancel";
      const draft =
        isCancelled && before !== undefined
          ? before
          : draftOf(params, before, box.address, call.asker?.timezone);
      const after: CalendarEvent = {
        ...draft,
        uid,
        sequence: before === undefined ? 0 : before.sequence + 1,
        stampMs: Math.floor(Date.now() / 1_000) * 1_000,
        callId: call.callId,
        state: "open",
        isCancelled,
        removed: (before?.attendees ?? []).filter((address) => !draft.attendees.includes(address)),
      };
      const undo = () => (before === undefined ? events.remove(uid) : events.put(before));
      return send(events, box, call, after, undo);
    },
  });
}

/** Throws what `deliver` does. What has certainly not been sent has not happened: `undo` takes it back. */
async function send(
  events: EventStore,
  box: OpenMailbox,
  call: ToolCall,
  event: CalendarEvent,
  undo: () => void,
): Promise<ToolResult> {
  const { attendees, removed, isCancelled, uid } = event;
  call.mandate.requireNamed([...attendees, ...removed]);
  if (event.state === "open") {
    events.put(event);
    const method = isCancelled ? "CANCEL" : "REQUEST";
    try {
      await deliver(box, call, { mail: eventMail(event, box.address, method, attendees) });
    } catch (error) {
      if (error instanceof ToolError && !(error instanceof MaybeSentError)) undo();
      throw error;
    }
    if (removed.length > 0 && !isCancelled) await uninvite(box, call, event);
    events.put({ ...event, state: "sent" });
  }
  const done = isCancelled ? "Cancelled" : event.sequence === 0 ? "Invited" : "Updated";
  const gone = isCancelled || removed.length === 0 ? "" : ` No longer invited: ${removed.join(", ")}.`;
  return {
    text: `${done}: ${attendees.join(", ")}, ${describeTime(timeOfEvent(event))}.${gone} Event id: ${uid}`,
  };
}

async function uninvite(box: OpenMailbox, call: ToolCall, event: CalendarEvent): Promise<void> {
  const mail = eventMail(event, box.address, "CANCEL", event.removed);
  try {
    await deliver(box, call, { part: "removed", mail });
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    const who = event.removed.join(", ");
    throw new ToolError(
      `The change was sent, but ${who} may not know that they are no longer invited. ${error.message}`,
      {
        cause: error,
      },
    );
  }
}

function list(events: EventStore): ToolResult {
  const lines = events.list(MAIL_LIMITS.eventsListed).map((event) => {
    const { uid, title, attendees, isCancelled, state, repeat } = event;
    const notes = [
      ...(isCancelled ? ["cancelled"] : []),
      ...(state === "open" ? ["not known whether the last change was sent"] : []),
      ...(repeat === "" ? [] : [repeat]),
    ].map((note) => `; ${note}`);
    return `${uid}: ${title}; ${describeTime(timeOfEvent(event))}; ${attendees.join(", ")}${notes.join("")}`;
  });
  return { text: lines.length === 0 ? "You have invited to no event." : lines.join("\n") };
}

/** The same for the same call, and nobody else's. */
function newUid(box: OpenMailbox, call: ToolCall): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([box.address, call.callId]))
    .digest("hex");
  return `event-${hash.slice(0, 20)}@${box.address.split("@").at(-1) ?? "agent"}`;
}
