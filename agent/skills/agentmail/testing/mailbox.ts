import ICAL from "ical.js";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { TestDouble } from "../../../../infra/local/doubles/agentmail/testing.ts";
import { openTestWorkspace, type TestWorkspace } from "../../kit/testing.ts";
import type { SkillTool, ToolCall } from "../../kit/tool.ts";
import type { CalendarEvent, EventStore } from "../event-store.ts";
import { createAgentmailSkill } from "../index.ts";

const Stored = Type.Object({
  message_id: Type.String(),
  thread_id: Type.String(),
  to: Type.Array(Type.String()),
  cc: Type.Optional(Type.Array(Type.String())),
  subject: Type.Optional(Type.String()),
  text: Type.Optional(Type.String()),
  html: Type.Optional(Type.String()),
  labels: Type.Array(Type.String()),
  in_reply_to: Type.Optional(Type.String()),
  attachments: Type.Array(
    Type.Object({
      filename: Type.Optional(Type.String()),
      content_type: Type.Optional(Type.String()),
      content: Type.String(),
    }),
  ),
});
const Mails = Type.Object({ messages: Type.Array(Stored) });
const Received = Type.Object({ messageId: Type.String() });
export type StoredMail = Type.Static<typeof Stored>;

/** The skill with a mailbox at the provider's double, its key as narrow as the platform makes it, and an empty folder. */
export interface TestMailbox {
  test: TestDouble;
  address: string;
  workspace: TestWorkspace;
  events: Map<string, CalendarEvent>;
  tool(name: string): SkillTool;
  /** Uses a tool; every call is another one unless it says an id. */
  use(name: string, params: object, overrides?: Partial<ToolCall>): Promise<string>;
  /** What is in the mailbox, in order of arrival. */
  mails(address?: string): Promise<StoredMail[]>;
  sent(): Promise<StoredMail[]>;
  receive(letter: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

export async function openTestMailbox(): Promise<TestMailbox> {
  const test = await TestDouble.start();
  const workspace = openTestWorkspace();
  const address = await test.inbox("convos-0123456789");
  const permissions = { inboxRead: true, messageRead: true, messageSend: true, messageUpdate: true };
  const key = await test.keyOf(address, permissions);
  const events = new Map<string, CalendarEvent>();
  const skill = createAgentmailSkill({
    mailbox: async () => ({ inboxId: address, key }),
    baseUrl: test.double.url,
    events: storeOf(events),
    sandbox: workspace.sandbox,
  });
  let calls = 0;
  const tool = (name: string): SkillTool => {
    const found = skill.tools.find((one) => one.name === name);
    if (!found) throw new Error(`no tool ${name}`);
    return found;
  };
  const mails = async (of = address): Promise<StoredMail[]> =>
    Value.Parse(Mails, await test.mail(of)).messages;
  return {
    ...{ test, address, workspace, events, tool, mails },
    use: async (name, params, overrides = {}) => {
      calls += 1;
      const call = workspace.call({ callId: `call-${calls}`, ...overrides });
      return (await tool(name).run(params, call)).text;
    },
    sent: async () => (await mails()).filter(({ labels }) => labels.includes("sent")),
    receive: async (letter) =>
      Value.Parse(Received, await test.receive({ inboxId: address, ...letter })).messageId,
    close: async () => {
      await test.close();
      await workspace.close();
    },
  };
}

export const storeOf = (events: Map<string, CalendarEvent>): EventStore => ({
  get: (uid) => events.get(uid),
  put: (event) => {
    events.delete(event.uid);
    events.set(event.uid, event);
  },
  remove: (uid) => void events.delete(uid),
  list: (limit) => [...events.values()].toReversed().slice(0, limit),
});

/** The iCalendar object of a mail, with what an independent parser makes of it. */
export interface ParsedInvitation {
  ics: string;
  calendar: ICAL.Component;
  event: ICAL.Event;
  /** Of the one component that has it. */
  value(name: string): string;
}

/** Reads an iCalendar object with a parser that has no part in writing it; time zones are those of the object itself. */
export function parseInvitation(ics: string): ParsedInvitation {
  ICAL.TimezoneService.reset();
  const calendar = new ICAL.Component(ICAL.parse(ics));
  for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  const [component, ...others] = calendar.getAllSubcomponents("vevent");
  if (component === undefined || others.length > 0) throw new Error("not one event");
  return {
    ics,
    calendar,
    event: new ICAL.Event(component),
    value: (name) => String(component.getFirstPropertyValue(name)),
  };
}

export function invitationIn(mail: StoredMail | undefined): ParsedInvitation {
  const [attachment] = mail?.attachments ?? [];
  if (attachment === undefined) throw new Error("no attachment");
  return parseInvitation(Buffer.from(attachment.content, "base64").toString("utf8"));
}
