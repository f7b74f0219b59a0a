import { randomBytes } from "node:crypto";
import type { AgentMail } from "agentmail";
import ICAL from "ical.js";
import { startMailWatch } from "../../../agent/server/inbound/mail-watch.ts";
import { createCalendarEvents } from "../../../agent/server/state/calendar-events.ts";
import type { StoredMessage } from "../../../agent/server/state/turn-ledger.ts";
import { createAgentmailSkill } from "../../../agent/skills/agentmail/index.ts";
import { type Friend, type Mailboxes, missingMailbox, openMailboxes } from "../mailboxes.ts";
import { awaited, match, seen } from "../seen.ts";
import { openState } from "../state.ts";
import { defineSuite, type LiveContext } from "../suite.ts";
import { openTools, type ToolScene } from "../tools.ts";

interface MailScene extends ToolScene, Mailboxes {
  baseUrl: string;
  /** Whom the agent writes to. */
  to: string;
  /** Of the mails of this run; nothing else in the mailbox has it. */
  subject: string;
}

const ATTACHMENT = "A note with an umlaut: Grüße.\n";

async function open(context: LiveContext): Promise<MailScene> {
  const { AGENTMAIL_BASE_URL: baseUrl, LIVE_MAIL_TO } = context.config;
  const mailboxes = await openMailboxes(context);
  const { own, friend } = mailboxes;
  const to = friend?.address ?? LIVE_MAIL_TO?.toLowerCase() ?? own.inboxId.toLowerCase();
  const { database, vault } = await openState(context);
  const events = createCalendarEvents(database, vault);
  const make = { mailbox: async () => own, baseUrl, events };
  const tools = openTools(context, ({ sandbox }) => createAgentmailSkill({ ...make, sandbox }), [to]);
  const subject = `Live test ${randomBytes(4).toString("hex")}`;
  return { ...tools, ...mailboxes, baseUrl, to, subject };
}

/** The id of a mail whose line in the list says all of this. */
const listed = ({ use }: MailScene, label: string, words: string, signal: AbortSignal): Promise<string> =>
  awaited(
    async () => {
      const list = await use("email_read", { action: "list", label }, signal);
      return list
        .split("\n")
        .find((line) => line.includes(words))
        ?.split(" | ")[0];
    },
    `no mail with the label ${label} has come`,
    { signal },
  );

/** A mail that has arrived at the friend's. */
const arrived = (friend: Friend, isIt: (mail: AgentMail.MessageItem) => boolean, signal: AbortSignal) =>
  awaited(
    async () => {
      const { messages } = await friend.sdk.inboxes.messages.list(
        friend.address,
        {},
        { abortSignal: signal },
      );
      const found = messages.find((mail) => mail.labels.includes("received") && isIt(mail));
      return (
        found && friend.sdk.inboxes.messages.get(friend.address, found.messageId, { abortSignal: signal })
      );
    },
    "the mail has not arrived",
    { signal },
  );

async function sends(scene: MailScene, signal: AbortSignal): Promise<string> {
  const { use, workspace, to, subject, friend } = scene;
  await workspace.call().files.write("note.txt", Buffer.from(ATTACHMENT));
  const mail = { to: [to], subject, text: "Good morning.", html: "<p>Good <b>morning</b>.</p>" };
  match(await use("email_send", { ...mail, attachments: ["note.txt"] }, signal), /^Sent to /, "it is sent");
  const id = await listed(scene, "sent", subject, signal);
  const kept = await use("email_read", { action: "read", id }, signal);
  match(kept, /Attachment 1: note\.txt \(text\/plain/, "the file is in it");
  if (friend === undefined) return "it is among the mails that were sent";
  const { text, html, attachments } = await arrived(friend, (one) => one.subject === subject, signal);
  match(text ?? "", /Good morning\./, "its text has arrived");
  match(html ?? "", /<b>morning<\/b>/, "its HTML has arrived");
  seen(attachments?.[0]?.size === Buffer.byteLength(ATTACHMENT), "its file has arrived whole");
  return "it has arrived with text, HTML and file";
}

async function invites(scene: MailScene, signal: AbortSignal): Promise<string> {
  const { use, workspace, to, subject } = scene;
  const year = new Date().getUTCFullYear() + 1;
  const title = `Dinner, ${subject}`;
  const when = { start: `${year}-07-01T19:30`, end: `${year}-07-01T22:00`, timezone: "Europe/Berlin" };
  const told = await use("email_event", { action: "create", title, ...when, attendees: [to] }, signal);
  const id = match(told, /Event id: (\S+)/, "it has an id");
  const mail = await listed(scene, "sent", title, signal);
  const saved = await use("email_read", { action: "save_attachment", id: mail }, signal);
  const path = match(saved, /^Saved as (\S+)/, "the invitation can be saved");
  const ics = (await workspace.call().files.read(path, 100_000)).toString("utf8");
  const calendar = new ICAL.Component(ICAL.parse(ics));
  for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  const event = new ICAL.Event(calendar.getFirstSubcomponent("vevent") ?? undefined);
  const start = event.startDate.toJSDate().toISOString();
  seen(start === `${year}-07-01T17:30:00.000Z`, "the calendar has the right time", start);
  seen(calendar.getFirstPropertyValue("method") === "REQUEST", "it is an invitation", ics);
  match(await use("email_event", { action: "cancel", id }, signal), /^Cancelled: /, "it can be cancelled");
  return `${event.summary} at ${start}, cancelled afterwards`;
}

/** Somebody answers; it becomes a turn, by the provider's websocket or a look; the agent answers in the thread. */
async function talks(scene: MailScene, signal: AbortSignal): Promise<string> {
  const { own, baseUrl, subject, use } = scene;
  const friend = seen(scene.friend, "there is a second mailbox");
  const taken: StoredMessage[] = [];
  let since: string | undefined;
  const watch = startMailWatch({
    mailbox: async () => own,
    baseUrl,
    isClaimed: () => true,
    since: {
      read: () => since,
      write: (at) => {
        since = at;
      },
    },
    knows: (id) => taken.some((message) => message.id === id),
    take: (message) => taken.push(message) > 0,
    onMessage: () => undefined,
    log: () => undefined,
  });
  try {
    const { messageId } = await arrived(friend, (one) => one.subject === subject, signal);
    const words = `Thank you, ${randomBytes(4).toString("hex")}.`;
    await friend.sdk.inboxes.messages.reply(
      friend.address,
      messageId,
      { text: words },
      { abortSignal: signal },
    );
    const look = async () => taken.find(({ text }) => text.includes(words));
    await awaited(look, "the answer has not become a turn", { signal, everyMs: 500 });
    const id = await listed(scene, "received", friend.address, signal);
    match(
      await use("email_read", { action: "read", id }, signal),
      new RegExp(words),
      "the answer can be read",
    );
    await use("email_send", { replyTo: id, text: `You are welcome. ${words}` }, signal);
    const isAnswer = (mail: AgentMail.MessageItem): boolean =>
      mail.preview?.includes("You are welcome") === true;
    const { inReplyTo } = await arrived(friend, isAnswer, signal);
    seen(inReplyTo, "the last mail is an answer in the thread");
    return "the answer became a turn, and was answered in its thread";
  } finally {
    await watch.stop();
  }
}

/** A mailbox at AgentMail. Mail goes to a second one of our own, or to LIVE_MAIL_TO. */
export const agentmail = defineSuite<MailScene>({
  skill: "agentmail",
  missing: missingMailbox,
  open,
  steps: [
    { name: "sends text, HTML and a file", costUsd: 0, run: sends },
    {
      name: "invites to an event, as another calendar reads it",
      costUsd: 0,
      missing: ({ config }) =>
        config.AGENTMAIL_INBOX !== undefined && config.LIVE_MAIL_TO === undefined
          ? "LIVE_MAIL_TO, somebody to invite"
          : undefined,
      run: invites,
    },
    {
      name: "hears of an answer and answers in its thread",
      costUsd: 0,
      missing: ({ config }) =>
        config.AGENTMAIL_INBOX !== undefined
          ? "AGENTMAIL_API_KEY instead of AGENTMAIL_INBOX, for a second mailbox"
          : undefined,
      run: talks,
    },
  ],
});
