import type { Group } from "@xmtp/node-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AGENT_MEMBER_KIND,
  inviteJoinHandledCodec,
  profileUpdateCodec,
  readContent,
  resolveProfiles,
  sendContent,
  thinkingCodec,
  typingIndicatorCodec,
} from "../../agent/convos/index.ts";
import { EYES } from "../../agent/server/talk/eyes.ts";
import { ECHO_FILE, NOBODY_ASKED, REQUESTS } from "../../agent/server/testing/echo-brain.ts";
import type { Person } from "../../agent/server/testing/world.ts";
import type { Actor } from "./actor.ts";
import { Joined, Profiles, ReadTimes, Rooms } from "./answers.ts";
import type { LiveSession } from "./live-session.ts";
import { JOIN_WAIT_S, patiently, TEST_TIMEOUT_MS } from "./patience.ts";
import { appJoins, type ClaimedAgent, OPEN_TIMEOUT_MS, Stage } from "./stage.ts";

/** Ada uses the SDK, Carla and Dario use Convos's own client, Walrus is the agent. Each test goes on from the one before. */
let stage: Stage;
let walrus: ClaimedAgent;
let ada: Person;
let adas: Group<unknown>;
let carla: Actor;
let carlaInbox: string;
let carlas: LiveSession;

beforeAll(async () => {
  stage = await Stage.open();
  walrus = await stage.claimedAgent({ metadata: { role: "planner" } });
  ada = await stage.world.person();
  adas = await appJoins(ada, walrus.inviteUrl, "Ada");
  carla = await stage.actor("Carla");
}, OPEN_TIMEOUT_MS);
afterAll(() => stage?.close());

const message = (id: string) =>
  patiently(`the message ${id}`, async () => {
    await adas.sync();
    return (await adas.messages()).find((candidate) => candidate.id === id);
  });

/** The agent's markers that lie with Carla, once there are so many. */
const handledMarkers = (count: number) =>
  patiently("the agent's marker", async () => {
    const mail = await carla.directMessages(walrus.inboxId);
    const found = mail.flatMap((one) => readContent(one, inviteJoinHandledCodec) ?? []);
    return found.length >= count && found;
  });

/** What somebody's client knows of the members, once it knows the names of so many. */
const knownProfiles = (actor: Actor, count: number) =>
  patiently("the profiles", async () => {
    const args = ["conversation", "profiles", walrus.conversationId];
    const { profiles } = await actor.ask(Profiles, ...args);
    return profiles.filter(({ name }) => name !== null).length >= count && profiles;
  });

describe("an agent's invite, used by Convos's own client", { timeout: TEST_TIMEOUT_MS }, () => {
  it("lets it in, and marks its request as handled", async () => {
    const joined = await carla.join(walrus.inviteUrl, JOIN_WAIT_S, "--metadata", "timezone=Europe/Lisbon");
    expect(joined).toMatchObject({ status: "joined", conversationId: walrus.conversationId });
    carlaInbox = joined.inboxId;
    const rooms = await carla.ask(Rooms, "conversations", "list");
    expect(rooms).toMatchObject([{ name: "Walrus", memberCount: 3, isActive: true, isLocked: false }]);
    const markers = await handledMarkers(1);
    const mail = await carla.directMessages(walrus.inboxId);
    const typed = mail.find(({ contentType }) => contentType.typeId === "join_request");
    expect(markers).toMatchObject([{ inviteTag: joined.tag, handledMessageId: typed?.id }]);
  });

  it("is handled once more, without adding anybody, when the client uses it again", async () => {
    const again = ["conversations", "join", walrus.inviteUrl, "--no-wait"];
    expect(await carla.ask(Joined, ...again)).toMatchObject({ status: "request_sent" });
    expect(await handledMarkers(2)).toHaveLength(2);
    await adas.sync();
    expect(await adas.members()).toHaveLength(3);
  });

  it("tells it who was there before, the agent as an agent", async () => {
    const profiles = await knownProfiles(carla, 3);
    expect(profiles).toHaveLength(3);
    expect(profiles.find(({ inboxId }) => inboxId === walrus.inboxId)).toMatchObject({
      name: "Walrus",
      memberKind: AGENT_MEMBER_KIND,
      metadata: { role: { type: "string", value: "planner" } },
    });
    expect(profiles.find(({ inboxId }) => inboxId === ada.client.inboxId)?.name).toBe("Ada");
  });

  it("leads to somebody who answers its texts", async () => {
    carlas = await stage.live(carla, walrus.conversationId);
    const asked = await carlas.say("Walrus, where to?");
    expect(await message(asked)).toMatchObject({ senderInboxId: carlaInbox, content: "Walrus, where to?" });
    expect(await carlas.hears("echo: Walrus, where to?")).toMatchObject({ senderInboxId: walrus.inboxId });
    await adas.sendText("Walrus, and I?");
    await carlas.hears("echo: Walrus, and I?");
  });

  it("and its replies, whatever they say", async () => {
    const { id } = await carlas.hears("echo: Walrus, where to?");
    const reply = await carlas.say("to Rome", id);
    expect(await carlas.hears("echo: to Rome")).toMatchObject({ senderInboxId: walrus.inboxId });
    expect((await message(reply)).content).toMatchObject({ content: "to Rome", referenceId: id });
  });

  it("shows it the agent's eyes on what is for nobody", async () => {
    const banter = await carlas.say(`${NOBODY_ASKED}, it rains`);
    const eyes = await carlas.hears(`reacted ${EYES} to ${banter}`, "reaction");
    expect(eyes.senderInboxId).toBe(walrus.inboxId);
  });

  it("carries its reactions, and that it took one back", async () => {
    const { id } = await carlas.hears("echo: to Rome");
    const reactions = async () => (await message(id)).reactions.map(({ content }) => content);
    await carlas.order({ type: "react", messageId: id, emoji: "🍕" });
    expect(await reactions()).toMatchObject([{ content: "🍕", reference: id, action: 1, schema: 1 }]);
    await carlas.order({ type: "react", messageId: id, emoji: "🍕", action: "remove" });
    expect((await reactions()).at(-1)).toMatchObject({ content: "🍕", action: 2 });
  });

  it("shows it the agent's own reactions and files", async () => {
    const asked = await carlas.say(REQUESTS.react);
    await carlas.hears(`reacted 🎉 to ${asked}`, "reaction", walrus.inboxId);
    await carlas.say(REQUESTS.file);
    const { filename, mimeType } = ECHO_FILE;
    await carlas.hears(`[attachment: ${filename} (${mimeType})]`, "attachment", walrus.inboxId);
  });

  it("carries what has been read both ways", async () => {
    await carlas.order({ type: "read-receipt" });
    await patiently("Carla's reading", async () => {
      await adas.sync();
      return Object.hasOwn(await adas.lastReadTimes(), carlaInbox);
    });
    await adas.sendReadReceipt();
    await adas.sendText("Walrus, all read?");
    await carlas.hears("all read?", "text", walrus.inboxId);
    await carlas.stop();
    const { readTimes } = await carla.ask(
      ReadTimes,
      "conversation",
      "last-read-times",
      walrus.conversationId,
    );
    expect(Object.keys(readTimes)).toContain(ada.client.inboxId);
    carlas = await stage.live(carla, walrus.conversationId);
  });

  it("carries typing and thinking both ways", async () => {
    const typing = await carlas.order({ type: "typing", isTyping: true });
    expect(readContent(await message(typing), typingIndicatorCodec)).toEqual({ isTyping: true });
    const target = await carlas.say(`${NOBODY_ASKED}, I wonder`);
    const thought = { state: "start", targetMessageId: target, content: "Hm" } as const;
    const thinking = await carlas.order({ type: "thinking", ...thought });
    expect(readContent(await message(thinking), thinkingCodec)).toEqual(thought);

    const fromAda = { senderInboxId: ada.client.inboxId };
    await sendContent(adas, typingIndicatorCodec, { isTyping: true });
    await carlas.waitFor("typing", { ...fromAda, isTyping: true });
    await sendContent(adas, thinkingCodec, thought);
    await carlas.waitFor("thinking", { ...fromAda, ...thought });
  });

  it("has the agent keep what it says of itself, and pass it on", async () => {
    await carlas.order({ type: "update-profile", name: "Carlotta", metadata: { trips: 3, vegan: true } });
    const metadata = { timezone: "Europe/Lisbon", trips: 3, vegan: true };
    await patiently("the profile", async () => {
      await adas.sync();
      return (await resolveProfiles(adas)).get(carlaInbox)?.name === "Carlotta";
    });
    expect((await resolveProfiles(adas)).get(carlaInbox)).toMatchObject({
      name: "Carlotta",
      memberKind: AGENT_MEMBER_KIND,
      metadata,
    });
    await sendContent(adas, profileUpdateCodec, { name: "Ada L.", metadata: { timezone: "Europe/Rome" } });
    await carlas.waitFor("profile_update", { senderInboxId: ada.client.inboxId, name: "Ada L." });

    const dario = await stage.actor("Dario");
    expect(await dario.join(walrus.inviteUrl, JOIN_WAIT_S)).toMatchObject({ status: "joined" });
    const profiles = await knownProfiles(dario, 4);
    expect(profiles.find(({ inboxId }) => inboxId === carlaInbox)).toMatchObject({
      name: "Carlotta",
      memberKind: AGENT_MEMBER_KIND,
      metadata: {
        timezone: { type: "string", value: "Europe/Lisbon" },
        trips: { type: "number", value: 3 },
        vegan: { type: "bool", value: true },
      },
    });
    expect(profiles.find(({ inboxId }) => inboxId === ada.client.inboxId)).toMatchObject({
      name: "Ada L.",
      metadata: { timezone: { type: "string", value: "Europe/Rome" } },
    });
  });
});
