import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTag } from "../app-data/text.ts";
import { inviteJoinErrorCodec } from "../content-types/invite-join-error.ts";
import { inviteJoinHandledCodec } from "../content-types/invite-join-handled.ts";
import { joinRequestCodec } from "../content-types/join-request.ts";
import { profileSnapshotCodec } from "../content-types/profile-snapshot.ts";
import { profileUpdateCodec } from "../content-types/profile-update.ts";
import { sendContent } from "../content-types/send.ts";
import type { Invite } from "../invite/invite.ts";
import { MemoryJoinLedger } from "../testing/memory-ledger.ts";
import { inviteTo, type Network, openNetwork, type Person } from "../testing/network.ts";
import { contents, dmMessages, isMember, openScene, outcomes, wait } from "../testing/scene.ts";
import { CONSENT } from "../xmtp-values.ts";
import { awaitAdmission } from "./await-admission.ts";
import { catchUpJoinRequests } from "./catch-up.ts";
import { handleJoinRequest } from "./handle.ts";
import { sendJoinRequest } from "./send-join-request.ts";

let network: Network;
beforeAll(async () => {
  network = await openNetwork();
});
afterAll(() => network.close());

describe("joining by invite", () => {
  it("admits the joiner once, tells it everybody's profile and settles both sides' consent", async () => {
    const { inviter, joiner, group, invite, deps, admitted } = await openScene(network);
    await sendContent(group, profileUpdateCodec, { name: "Planner", memberKind: 1 });
    const sent = await sendJoinRequest(
      joiner.client,
      invite,
      { name: "Ann" },
      { metadata: { from: "test" } },
    );
    expect(sent.status).toBe("sent");

    const admission = awaitAdmission(joiner.client, invite, wait);
    expect(outcomes(await catchUpJoinRequests(deps))).toEqual(["admitted", "already-handled"]);
    const joined = await admission;
    expect(joined.status).toBe("joined");
    if (joined.status !== "joined") return;
    expect(joined.group.id).toBe(group.id);
    expect(joined.group.consentState()).toBe(CONSENT.allowed);
    expect(inviter.client.conversations.getDmByInboxId(joiner.inboxId)?.consentState()).toBe(CONSENT.allowed);
    expect(admitted).toEqual([{ inboxId: joiner.inboxId, firstAdmission: true }]);

    const messages = await dmMessages(joiner, inviter);
    expect(contents(messages, joinRequestCodec)).toEqual([
      { inviteSlug: invite.slug, profile: { name: "Ann" }, metadata: { from: "test" } },
    ]);
    expect(messages.map(({ content }) => content)).toContain(invite.slug);
    const markers = contents(messages, inviteJoinHandledCodec);
    expect(markers).toMatchObject([
      { inviteTag: invite.tag, handledMessageId: sent.status === "sent" ? sent.messageId : "" },
    ]);
    expect(contents(messages, inviteJoinErrorCodec)).toEqual([]);

    await joined.group.sync();
    expect(contents(await joined.group.messages(), profileSnapshotCodec)).toEqual([
      { profiles: [{ inboxId: inviter.inboxId, name: "Planner", memberKind: 1 }] },
    ]);
    expect((await sendJoinRequest(joiner.client, invite)).status).toBe("already-joined");
  });

  it.each(["typed", "text"] as const)("understands a joiner that sends only the %s form", async (form) => {
    const { inviter, joiner, group, invite, deps } = await openScene(network);
    const dm = await joiner.client.conversations.createDm(inviter.inboxId);
    if (form === "typed") await sendContent(dm, joinRequestCodec, { inviteSlug: invite.slug });
    else await dm.sendText(invite.slug);
    expect(outcomes(await catchUpJoinRequests(deps))).toEqual(["admitted"]);
    expect(await isMember(group, joiner)).toBe(true);
    const markers = contents(await dmMessages(joiner, inviter), inviteJoinHandledCodec);
    expect(markers.length).toBe(form === "typed" ? 1 : 0);
  });

  it("takes a text that follows its handled typed request for the same request, not for a new one", async () => {
    const { inviter, joiner, group, invite, deps } = await openScene(network);
    const dm = await joiner.client.conversations.createDm(inviter.inboxId);
    await sendContent(dm, joinRequestCodec, { inviteSlug: invite.slug });
    expect(outcomes(await catchUpJoinRequests(deps))).toEqual(["admitted"]);
    await group.removeMembers([joiner.inboxId]);
    await dm.sendText(invite.slug);
    expect(outcomes(await catchUpJoinRequests(deps))).toEqual(["already-handled", "already-handled"]);
    await sendContent(dm, joinRequestCodec, { inviteSlug: invite.slug });
    expect(outcomes(await catchUpJoinRequests(deps)).at(-1)).toBe("admitted");
    await sendContent(dm, joinRequestCodec, { inviteSlug: invite.slug });
    expect(outcomes(await catchUpJoinRequests(deps)).at(-1)).toBe("already-member");
  });

  it("knows the first admission of a group from the later ones", async () => {
    const { joiner, invite, deps, admitted } = await openScene(network);
    const second = await network.person();
    await sendJoinRequest(joiner.client, invite);
    await sendJoinRequest(second.client, invite);
    await catchUpJoinRequests(deps);
    expect(admitted).toEqual([
      { inboxId: joiner.inboxId, firstAdmission: true },
      { inboxId: second.inboxId, firstAdmission: false },
    ]);
  });

  it("handles a request that arrives by stream", async () => {
    const { inviter, joiner, invite, deps } = await openScene(network);
    const stream = await inviter.client.conversations.streamAllDmMessages({
      consentStates: [CONSENT.unknown, CONSENT.allowed],
    });
    await sendJoinRequest(joiner.client, invite);
    const admission = awaitAdmission(joiner.client, invite, wait);
    for await (const message of stream) {
      const dm = inviter.client.conversations.getDmByInboxId(message.senderInboxId);
      if (dm && (await handleJoinRequest(deps, dm, message)).outcome === "admitted") break;
    }
    expect((await admission).status).toBe("joined");
    await stream.end();
  });

  it("sends a request with an idempotency key once", async () => {
    const { inviter, joiner, invite } = await openScene(network);
    const first = await sendJoinRequest(joiner.client, invite, undefined, { idempotencyKey: "claim-1" });
    const again = await sendJoinRequest(joiner.client, invite, undefined, { idempotencyKey: "claim-1" });
    expect(again).toEqual(first);
    await inviter.client.conversations.syncAll([CONSENT.unknown]);
    const messages = await dmMessages(inviter, joiner);
    expect(contents(messages, joinRequestCodec).length).toBe(1);
    expect(messages.filter(({ content }) => content === invite.slug).length).toBe(1);
  });

  it("does not send twice what it was not sure to have sent", async () => {
    const { inviter, joiner, invite } = await openScene(network);
    await joiner.client.conversations.createDm(inviter.inboxId);
    const send = () => sendJoinRequest(joiner.client, invite, undefined, { idempotencyKey: "claim-2" });
    network.node.faults.add({ method: "SendGroupMessages", when: "before", kind: "unavailable" });
    await expect(send()).rejects.toThrow();
    network.node.faults.clear();
    expect((await send()).status).toBe("sent");
    await inviter.client.conversations.syncAll([CONSENT.unknown]);
    const messages = await dmMessages(inviter, joiner);
    expect(contents(messages, joinRequestCodec).length).toBe(1);
    expect(messages.filter(({ content }) => content === invite.slug).length).toBe(1);
  }, 60_000);

  it("refuses to send what cannot succeed", async () => {
    const { inviter, joiner, group } = await openScene(network);
    const tag = readTag(group.appData);
    const past = new Date(Date.now() - 60_000);
    const status = async (person: Person, invite: Invite) => sendJoinRequest(person.client, invite);
    expect(await status(inviter, inviteTo(inviter, group, tag))).toMatchObject({ reason: "own-invite" });
    expect(await status(joiner, inviteTo(inviter, group, tag, { expiresAt: past }))).toMatchObject({
      reason: "invite-expired",
    });
    expect(
      await status(joiner, inviteTo(inviter, group, tag, { conversationExpiresAt: past })),
    ).toMatchObject({
      reason: "conversation-expired",
    });
    expect(joiner.client.conversations.getDmByInboxId(inviter.inboxId)).toBeUndefined();
  });
});

describe("a removed member", () => {
  it("stays out until it asks anew", async () => {
    const { joiner, group, invite, deps, admitted } = await openScene(network);
    await sendJoinRequest(joiner.client, invite);
    await catchUpJoinRequests(deps);
    await group.removeMembers([joiner.inboxId]);
    expect(outcomes(await catchUpJoinRequests(deps))).toEqual(["already-handled", "already-handled"]);
    expect(await isMember(group, joiner)).toBe(false);

    expect((await sendJoinRequest(joiner.client, invite)).status).toBe("sent");
    const admission = awaitAdmission(joiner.client, invite, wait);
    expect(outcomes(await catchUpJoinRequests(deps))).toEqual([
      "already-handled",
      "already-handled",
      "admitted",
      "already-handled",
    ]);
    expect((await admission).status).toBe("joined");
    expect(admitted.map(({ firstAdmission }) => firstAdmission)).toEqual([true, false]);
  });

  it("stays out even when the ledger is lost, because of the marker", async () => {
    const { joiner, group, invite, deps } = await openScene(network);
    await sendJoinRequest(joiner.client, invite);
    await catchUpJoinRequests(deps);
    await group.removeMembers([joiner.inboxId]);
    await catchUpJoinRequests({ ...deps, ledger: new MemoryJoinLedger() });
    expect(await isMember(group, joiner)).toBe(false);
  });
});
