import type { Group } from "@xmtp/node-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeAppData, encodeAppData, readTag } from "./app-data/text.ts";
import { updateAppData } from "./app-data/update.ts";
import { explodeSettingsCodec } from "./content-types/explode-settings.ts";
import { profileSnapshotCodec } from "./content-types/profile-snapshot.ts";
import { profileUpdateCodec } from "./content-types/profile-update.ts";
import { readContent } from "./content-types/read.ts";
import { sendContent } from "./content-types/send.ts";
import { senderRole } from "./explode.ts";
import {
  type ExplodableGroup,
  endConversation,
  explodeConversation,
  scheduleExplosion,
} from "./explode-conversation.ts";
import { groupImageKey } from "./group-image-key.ts";
import { isLocked, LockIncompleteError, lockGroup, unlockGroup } from "./lock.ts";
import { resolveProfiles, sendProfileSnapshot } from "./profiles.ts";
import { openConversation, openNetwork, type Person } from "./testing/network.ts";
import { CONSENT, GROUP_PERMISSIONS, POLICY } from "./xmtp-values.ts";

let network: Awaited<ReturnType<typeof openNetwork>>;
let owner: Person;
let member: Person;
beforeAll(async () => {
  network = await openNetwork();
  [owner, member] = [await network.person(), await network.person()];
});
afterAll(() => network.close());

/** The same group as both see it. */
async function shared(made?: Group<unknown>): Promise<{ mine: Group<unknown>; theirs: Group<unknown> }> {
  const mine = made ?? (await openConversation(owner));
  await mine.addMembers([member.inboxId]);
  await member.client.conversations.sync();
  const theirs = member.client.conversations.listGroups().find(({ id }) => id === mine.id);
  if (theirs === undefined) throw new Error("the member did not get the group");
  return { mine, theirs };
}

describe("appData", () => {
  it("keeps the changes of two members who write at once", async () => {
    const { mine, theirs } = await shared();
    await Promise.all([
      updateAppData(mine, (metadata) => ({ ...metadata, emoji: "🔥" })),
      updateAppData(theirs, (metadata) => ({ ...metadata, expiresAtUnix: 4_102_444_800 })),
    ]);
    await mine.sync();
    expect(decodeAppData(mine.appData)).toMatchObject({ emoji: "🔥", expiresAtUnix: 4_102_444_800 });
    expect(readTag(mine.appData)).toMatch(/^[A-Za-z0-9]{10}$/);
  });
});

describe("the image key", () => {
  it("is made once, by whoever may, and nothing else is lost", async () => {
    const { mine, theirs } = await shared();
    await updateAppData(mine, (metadata) => ({ ...metadata, emoji: "🔥" }));
    await theirs.sync();
    const before = decodeAppData(mine.appData);
    const [made, other] = await Promise.all([
      groupImageKey(theirs, member.inboxId),
      groupImageKey(mine, owner.inboxId),
    ]);
    expect(made).toHaveLength(32);
    expect(other).toEqual(made);
    expect(decodeAppData(mine.appData)).toEqual({ ...before, imageEncryptionKey: made });
    expect(await groupImageKey(theirs, member.inboxId)).toEqual(made);
  });

  it("is not made by a member who may not write, and used once it is there", async () => {
    const { mine, theirs } = await shared(
      await owner.client.conversations.createGroup([], {
        permissions: GROUP_PERMISSIONS.adminOnly,
        appData: encodeAppData({ tag: "ccpfXDRHZv", profiles: [] }),
      }),
    );
    expect(await groupImageKey(theirs, member.inboxId)).toBeUndefined();
    const made = await groupImageKey(mine, owner.inboxId);
    expect(made).toHaveLength(32);
    expect(await groupImageKey(theirs, member.inboxId)).toEqual(made);
  });

  it("is left alone when it is none", async () => {
    const { mine } = await shared();
    const imageEncryptionKey = new Uint8Array(31);
    await updateAppData(mine, (metadata) => ({ ...metadata, imageEncryptionKey }));
    expect(await groupImageKey(mine, owner.inboxId)).toBeUndefined();
    expect(decodeAppData(mine.appData)).toMatchObject({ imageEncryptionKey });
  });
});

describe("lock", () => {
  it("closes and opens the group, with a new tag each time", async () => {
    const { mine, theirs } = await shared();
    const tag = readTag(mine.appData);
    expect(isLocked(mine)).toBe(false);
    const locked = await lockGroup(mine);
    await theirs.sync();
    expect([isLocked(mine), isLocked(theirs)]).toEqual([true, true]);
    const stranger = await network.person();
    await expect(mine.addMembers([stranger.inboxId])).rejects.toThrow();
    const unlocked = await unlockGroup(mine);
    expect(isLocked(mine)).toBe(false);
    expect(new Set([tag, locked, unlocked]).size).toBe(3);
    await theirs.sync();
    expect(readTag(theirs.appData)).toBe(unlocked);
    await mine.addMembers([stranger.inboxId]);
  });

  it("gives an admin-only group its own policy back", async () => {
    const group = await owner.client.conversations.createGroup([], {
      permissions: GROUP_PERMISSIONS.adminOnly,
    });
    await lockGroup(group);
    await unlockGroup(group, POLICY.admin);
    expect(group.permissions().policySet.addMemberPolicy).toBe(POLICY.admin);
  });

  it("is the super admins': a member's attempt says which step failed", async () => {
    const { mine, theirs } = await shared();
    const error = await lockGroup(theirs).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(LockIncompleteError);
    expect(error).toMatchObject({ failed: ["permission"] });
    await mine.sync();
    expect(isLocked(mine)).toBe(false);
  });
});

describe("roles", () => {
  it("tell who may end the conversation", async () => {
    const { mine, theirs } = await shared();
    const [a, b] = [owner.inboxId, member.inboxId];
    expect(await senderRole(mine, a, a)).toBe("self");
    expect(await senderRole(mine, b, a)).toBe("member");
    expect(await senderRole(theirs, a, b)).toBe("super-admin");
    await mine.addAdmin(b);
    expect(await senderRole(mine, b, a)).toBe("admin");
    await mine.addSuperAdmin(b);
    expect(await senderRole(mine, b, a)).toBe("super-admin");
    await theirs.sync();
    await theirs.removeSuperAdmin(a);
    expect(await senderRole(theirs, a, b)).toBe("creator");
  });
});

describe("explode", () => {
  it("announces, removes everybody else and denies", async () => {
    const { mine, theirs } = await shared();
    const now = new Date("2026-06-11T10:20:30.750Z");
    const report = await explodeConversation(mine, owner, { now });
    expect(report).toEqual({ expiresAt: new Date("2026-06-11T10:20:30Z"), failures: [] });
    expect((await mine.members()).map(({ inboxId }) => inboxId)).toEqual([owner.inboxId]);
    expect(mine.consentState()).toBe(CONSENT.denied);
    await theirs.sync();
    expect(theirs.isActive).toBe(false);
    expect(decodeAppData(theirs.appData)?.expiresAtUnix).toBe(1_781_173_230);
    const announced = (await theirs.messages()).flatMap(
      (message) => readContent(message, explodeSettingsCodec) ?? [],
    );
    expect(announced).toEqual([{ expiresAt: report.expiresAt }]);
  });

  it("demotes the other super admins, whom XMTP lets nobody remove, after the announcement", async () => {
    const { mine, theirs } = await shared();
    await mine.addSuperAdmin(member.inboxId);
    const { failures, expiresAt } = await explodeConversation(mine, owner);
    expect(failures).toEqual([]);
    expect((await mine.members()).map(({ inboxId }) => inboxId)).toEqual([owner.inboxId]);
    await theirs.sync();
    expect(theirs.isActive).toBe(false);
    const announced = (await theirs.messages()).flatMap(
      (message) => readContent(message, explodeSettingsCodec) ?? [],
    );
    expect(announced).toEqual([{ expiresAt }]);
  });

  it("succeeds for both of two super admins who do it at the same time", async () => {
    const { mine, theirs } = await shared();
    const stranger = await network.person();
    await mine.addMembers([stranger.inboxId]);
    await mine.addSuperAdmin(member.inboxId);
    await theirs.sync();
    const [one, other] = await Promise.all([
      explodeConversation(mine, owner),
      endConversation(theirs, member),
    ]);
    expect([one.failures, other]).toEqual([[], []]);
    const left = [mine, theirs].filter(({ isActive }) => isActive);
    expect(left).toHaveLength(1);
    expect(await left[0]?.members()).toHaveLength(1);
  });

  it("has nothing to do for who has been removed, and says so when a right is missing", async () => {
    const { mine, theirs } = await shared();
    const refused = await endConversation(theirs, member, { stepTimeoutMs: 1000 });
    expect(refused.map(({ step }) => step)).toEqual(["demote-others", "remove-others"]);
    await mine.removeMembers([member.inboxId]);
    expect(await endConversation(theirs, member)).toEqual([]);
    expect(await mine.members()).toHaveLength(1);
  });

  it("goes on when a step fails or hangs", async () => {
    const { mine, theirs } = await shared();
    const broken: ExplodableGroup = {
      id: mine.id,
      appData: mine.appData,
      send: () => Promise.withResolvers<string>().promise,
      updateAppData: () => Promise.reject(new Error("refused")),
      sync: () => mine.sync(),
      isActive: true,
      members: () => mine.members(),
      isSuperAdmin: (inboxId) => mine.isSuperAdmin(inboxId),
      listSuperAdmins: () => mine.listSuperAdmins(),
      removeSuperAdmin: (inboxId) => mine.removeSuperAdmin(inboxId),
      removeMembers: (inboxIds) => mine.removeMembers(inboxIds),
      updateConsentState: (state) => mine.updateConsentState(state),
    };
    const report = await explodeConversation(broken, owner, { stepTimeoutMs: 1000 });
    expect(report.failures.map(({ step }) => step)).toEqual(["announce", "app-data"]);
    await theirs.sync();
    expect(theirs.isActive).toBe(false);
  });

  it("can be announced for later", async () => {
    const { mine, theirs } = await shared();
    const report = await scheduleExplosion(mine, new Date("2100-01-01T00:00:00Z"));
    expect(report.failures).toEqual([]);
    await theirs.sync();
    expect([theirs.isActive, decodeAppData(theirs.appData)?.expiresAtUnix]).toEqual([true, 4_102_444_800]);
  });
});

describe("profiles", () => {
  it("are resolved from updates, snapshots and appData, and never cleared by a blank", async () => {
    const { mine, theirs } = await shared();
    const stranger = await network.person();
    await updateAppData(mine, (metadata) => ({
      ...metadata,
      profiles: [
        { inboxId: member.inboxId, name: "Old name" },
        { inboxId: stranger.inboxId, name: "Stranger" },
      ],
    }));
    await sendContent(mine, profileSnapshotCodec, {
      profiles: [{ inboxId: member.inboxId, name: "Snapshot name" }],
    });
    await sendContent(mine, profileUpdateCodec, {
      name: "Planner",
      memberKind: 1,
      metadata: { timezone: "UTC", a: 1 },
    });
    const broken = {
      url: "https://assets.example/a.enc",
      salt: new Uint8Array(31),
      nonce: new Uint8Array(12),
    };
    await sendContent(mine, profileUpdateCodec, { name: " ", memberKind: 1, encryptedImage: broken });
    await mine.sync();
    const before = await resolveProfiles(mine);
    expect(before.get(owner.inboxId)).toMatchObject({ name: "Planner", memberKind: 1, metadata: { a: 1 } });
    expect(before.get(owner.inboxId)?.encryptedImage).toBeUndefined();
    expect(before.get(owner.inboxId)?.metadata).not.toHaveProperty("timezone");
    expect(before.get(member.inboxId)).toMatchObject({ name: "Snapshot name" });
    expect(before.get(stranger.inboxId)).toMatchObject({ name: "Stranger" });

    await theirs.sync();
    await sendContent(theirs, profileUpdateCodec, { name: "Member's own name" });
    await mine.sync();
    expect((await resolveProfiles(mine)).get(member.inboxId)).toMatchObject({ name: "Member's own name" });

    await sendProfileSnapshot(mine);
    await theirs.sync();
    const [snapshot] = (await theirs.messages({ direction: 1, limit: 1 })).flatMap(
      (message) => readContent(message, profileSnapshotCodec) ?? [],
    );
    expect(snapshot?.profiles.map(({ name }) => name).toSorted()).toEqual(["Member's own name", "Planner"]);
  });
});
