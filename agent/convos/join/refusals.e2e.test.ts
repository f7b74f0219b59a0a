import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeAppData, readTag } from "../app-data/text.ts";
import { inviteJoinErrorCodec } from "../content-types/invite-join-error.ts";
import { sendContent } from "../content-types/send.ts";
import { lockGroup, rotateTag, unlockGroup } from "../lock.ts";
import { MemoryJoinLedger } from "../testing/memory-ledger.ts";
import { inviteTo, type Network, openNetwork } from "../testing/network.ts";
import { contents, dmMessages, isMember, openScene, outcomes, type Scene, wait } from "../testing/scene.ts";
import { CONSENT } from "../xmtp-values.ts";
import { awaitAdmission } from "./await-admission.ts";
import { catchUpJoinRequests } from "./catch-up.ts";
import { sendJoinRequest } from "./send-join-request.ts";

let network: Network;
beforeAll(async () => {
  network = await openNetwork();
});
afterAll(() => network.close());

describe("refusals", () => {
  async function refusal({ joiner, invite, deps, group }: Scene) {
    await sendJoinRequest(joiner.client, invite);
    const admission = awaitAdmission(joiner.client, invite, wait);
    expect(outcomes(await catchUpJoinRequests(deps))).toEqual(["refused", "already-handled"]);
    expect(outcomes(await catchUpJoinRequests(deps))).toEqual(["already-handled", "already-handled"]);
    const answered = await admission;
    expect(await isMember(group, joiner)).toBe(false);
    return answered;
  }

  it("of a locked group are a generic failure; after unlocking, old links are dead and new ones work", async () => {
    const stage = await openScene(network);
    const { inviter, joiner, group, invite, deps } = stage;
    const lockedTag = await lockGroup(group);
    const current = inviteTo(inviter, group, lockedTag);
    expect(await refusal({ ...stage, invite: current })).toMatchObject({
      status: "refused",
      errorType: "generic_failure",
    });

    const tag = await unlockGroup(group);
    expect(new Set([invite.tag, lockedTag, tag]).size).toBe(3);
    for (const dead of [invite, current]) {
      await sendJoinRequest(joiner.client, dead);
      await catchUpJoinRequests(deps);
      expect(await awaitAdmission(joiner.client, dead, wait)).toMatchObject({
        errorType: "conversation_expired",
      });
    }
    const alive = inviteTo(inviter, group, tag);
    await sendJoinRequest(joiner.client, alive);
    await catchUpJoinRequests(deps);
    expect((await awaitAdmission(joiner.client, alive, wait)).status).toBe("joined");
  });

  it("of a revoked invite say that the conversation expired", async () => {
    const stage = await openScene(network);
    await rotateTag(stage.group);
    expect(await refusal(stage)).toMatchObject({
      errorType: "conversation_expired",
      reason: "invite revoked",
    });
  });

  it("of an unknown group say that it was not found", async () => {
    const stage = await openScene(network, { groupId: "00112233445566778899aabbccddeeff" });
    expect(await refusal(stage)).toMatchObject({ errorType: "conversation_not_found" });
  });

  it("of a group that the inviter left behind say so", async () => {
    const stage = await openScene(network);
    stage.group.updateConsentState(CONSENT.denied);
    expect(await refusal(stage)).toMatchObject({ errorType: "consent_not_allowed" });
  });

  it("of an invite to a DM are a generic failure", async () => {
    const { inviter, joiner, ...rest } = await openScene(network);
    const dm = await inviter.client.conversations.createDm(joiner.inboxId);
    const invite = inviteTo(inviter, rest.group, rest.invite.tag, { groupId: dm.id });
    expect(await refusal({ ...rest, inviter, joiner, invite })).toMatchObject({
      errorType: "generic_failure",
    });
  });

  it("of a used single-use invite are a generic failure", async () => {
    const stage = await openScene(network, { expiresAfterUse: true });
    const first = await network.person();
    await sendJoinRequest(first.client, stage.invite);
    expect(outcomes(await catchUpJoinRequests(stage.deps))).toContain("admitted");
    await sendJoinRequest(stage.joiner.client, stage.invite);
    await catchUpJoinRequests(stage.deps);
    expect(await awaitAdmission(stage.joiner.client, stage.invite, wait)).toMatchObject({
      errorType: "generic_failure",
      reason: "invite already used",
    });
  });

  it("are not repeated when the answer was sent but not written down", async () => {
    const { inviter, joiner, group, invite, deps } = await openScene(network);
    await rotateTag(group);
    await sendJoinRequest(joiner.client, invite);
    await catchUpJoinRequests(deps);
    await catchUpJoinRequests({ ...deps, ledger: new MemoryJoinLedger() });
    expect(contents(await dmMessages(joiner, inviter), inviteJoinErrorCodec).length).toBe(1);
  });
});

describe("what is no request of ours", () => {
  it("is left alone: chat, other people's invites, expired invites", async () => {
    const { inviter, joiner, group, invite, deps } = await openScene(network);
    const tag = readTag(group.appData);
    const dm = await joiner.client.conversations.createDm(inviter.inboxId);
    await dm.sendText("hello there");
    await dm.sendText("👋");
    await dm.sendText(inviteTo(joiner, group, tag).slug);
    await dm.sendText(inviteTo(inviter, group, tag, { expiresAt: new Date(Date.now() - 60_000) }).slug);
    await dm.sendText(
      inviteTo(inviter, group, tag, { privateKey: joiner.privateKey, inboxId: joiner.inboxId }).slug,
    );
    expect(outcomes(await catchUpJoinRequests(deps))).toEqual([
      "not-a-slug",
      "not-a-slug",
      "other-inviter",
      "invite-expired",
      "other-inviter",
    ]);
    expect(inviter.client.conversations.getDmByInboxId(joiner.inboxId)?.consentState()).toBe(CONSENT.unknown);
    expect(
      await dmMessages(joiner, inviter).then((messages) => contents(messages, inviteJoinErrorCodec)),
    ).toEqual([]);
    expect(await isMember(group, joiner)).toBe(false);
    expect(invite.tag).toBe(tag);
  });

  it("is blocked when it is forged", async () => {
    const { inviter, joiner, group, deps } = await openScene(network);
    const forged = inviteTo({ ...inviter, privateKey: joiner.privateKey }, group, readTag(group.appData));
    await sendJoinRequest(joiner.client, forged);
    expect(outcomes(await catchUpJoinRequests(deps))).toEqual(["blocked", "already-handled"]);
    expect(inviter.client.conversations.getDmByInboxId(joiner.inboxId)?.consentState()).toBe(CONSENT.denied);
    expect(await isMember(group, joiner)).toBe(false);
    expect(contents(await dmMessages(joiner, inviter), inviteJoinErrorCodec)).toEqual([]);
  });

  it("does not let a stranger's group pass for the invite's", async () => {
    const { inviter, joiner, invite } = await openScene(network);
    const stranger = await network.person();
    await sendJoinRequest(joiner.client, invite);
    await stranger.client.conversations.createGroup([joiner.inboxId], {
      appData: encodeAppData({ tag: "otherTag12", profiles: [] }),
    });
    expect(await awaitAdmission(joiner.client, invite, { timeoutMs: 500 })).toMatchObject({
      status: "timeout",
    });
    await sendContent(await stranger.client.conversations.createDm(joiner.inboxId), inviteJoinErrorCodec, {
      errorType: "generic_failure",
      inviteTag: invite.tag,
      timestamp: new Date(),
    });
    expect(await awaitAdmission(joiner.client, invite, { timeoutMs: 500 })).toMatchObject({
      status: "timeout",
    });
    expect(inviter.inboxId).toBe(invite.creatorInboxId);
  });
});
