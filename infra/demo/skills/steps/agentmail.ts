import { deepEqual, equal, ok } from "node:assert/strict";
import ICAL from "ical.js";
import { addressOf, mailsOf } from "../../../testing/skills/ends.ts";
import type { SkillScene } from "../../../testing/skills/scene.ts";
import { type Evening, TIME, TIME_ZONE } from "../evening.ts";
import { adaSays, type Step } from "../step.ts";

const BOB = "bob@example.com";
const TITLE = "Dinner at Harbour Table";

export const agentmail = ({ date }: Evening): Step[] => [
  adaSays(`Invite ${BOB} to it, for two and a half hours. We are in Chicago.`, {
    script: [
      {
        ...{ when: `Invite ${BOB}`, in: "message" },
        use: [
          {
            tool: "email_event",
            with: {
              ...{ action: "create", title: TITLE, timezone: TIME_ZONE, attendees: [BOB] },
              ...{ start: `${date}T${TIME}`, end: `${date}T22:00` },
            },
          },
        ],
        say: `An invitation is on its way to ${BOB}.`,
      },
    ],
    answers: [`An invitation is on its way to ${BOB}.`],
    proof: {
      ...{ skill: "agentmail", tools: ["email_event"] },
      verified:
        "Bob's mail holds an invitation which a calendar library reads: title, guest, start in Chicago",
      look: (scene) => lookAtInvitation(scene, `${date} ${TIME}`),
    },
  }),
  {
    ...{ who: "Bob, by mail", shows: "I will be there! No oysters for me, please." },
    act: async (scene) =>
      scene.double("agentmail", "POST", "/__double/agentmail/receive", {
        ...{ inboxId: await addressOf(scene), from: `Bob <${BOB}>`, subject: `Re: ${TITLE}` },
        text: "I will be there! No oysters for me, please.",
      }),
    script: [
      {
        ...{ when: "No oysters for me", in: "message", use: [] },
        say: "Bob writes that he will be there, and wants no oysters.",
      },
    ],
    answers: ["Bob writes that he will be there, and wants no oysters."],
  },
];

async function lookAtInvitation(scene: SkillScene, start: string): Promise<void> {
  const mails = (await mailsOf(scene)).filter(({ to }) => String(to).includes(BOB));
  equal(mails.length, 1, `${mails.length} mails went to Bob`);
  const ics = mails[0]?.attachments.find(({ content_type: type }) => type.startsWith("text/calendar"));
  ok(ics, "no calendar is attached");
  const calendar = new ICAL.Component(ICAL.parse(Buffer.from(ics.content, "base64").toString()));
  const event = new ICAL.Event(calendar.getFirstSubcomponent("vevent") ?? undefined);
  equal(calendar.getFirstPropertyValue("method"), "REQUEST");
  equal(event.summary, TITLE);
  deepEqual(
    event.attendees.map((guest) => guest.getFirstValue()),
    [`mailto:${BOB}`],
  );
  // Swedish dates are those of ISO 8601.
  const inChicago = new Intl.DateTimeFormat("sv", {
    ...{ dateStyle: "short", timeStyle: "short", timeZone: TIME_ZONE },
  }).format(event.startDate.toJSDate());
  equal(inChicago, start);
}
