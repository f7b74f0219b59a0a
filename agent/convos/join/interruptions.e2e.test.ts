import { Group } from "@xmtp/node-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inviteJoinErrorCodec } from "../content-types/invite-join-error.ts";
import { inviteJoinHandledCodec } from "../content-types/invite-join-handled.ts";
import { lockGroup, rotateTag } from "../lock.ts";
import { MemoryJoinLedger } from "../testing/memory-ledger.ts";
import { type Network, openNetwork } from "../testing/network.ts";
import {
  contents,
  dmMessages,
  isMember,
  openScene,
  outcomes,
  receivedRequest,
  wait,
} from "../testing/scene.ts";
import { PERMISSION, POLICY } from "../xmtp-values.ts";
import { awaitAdmission } from "./await-admission.ts";
import { catchUpJoinRequests } from "./catch-up.ts";
import { handleJoinRequest } from "./handle.ts";
import { sendJoinRequest } from "./send-join-request.ts";

let network: Network;
beforeAll(async () => {
  network = await openNetwork();
});
afterAll(() => network.close());

describe("interruptions", () => {
  it("finish an admission that a crash cut short after the member was added", async () => {
    const { inviter, joiner, group, invite, deps, admitted } = await openScene(network);
    class CrashingLedger extends MemoryJoinLedger {
      override record(...[id, entry]: Parameters<MemoryJoinLedger["record"]>): void {
        if (entry.outcome === "admitted") throw new Error("the process died here");
        super.record(id, entry);
      }
    }
    const crashing = new CrashingLedger();
    await sendJoinRequest(joiner.client, invite);
    expect(outcomes(await catchUpJoinRequests({ ...deps, ledger: crashing }))).toContain("error");
    expect(await isMember(group, joiner)).toBe(true);

    for (const [id, entry] of crashing.entries) deps.ledger.record(id, entry);
    expect(outcomes(await catchUpJoinRequests(deps))).toEqual(["admitted", "already-handled"]);
    expect(admitted.at(-1)).toEqual({ inboxId: joiner.inboxId, firstAdmission: true });
    expect(contents(await dmMessages(joiner, inviter), inviteJoinHandledCodec).length).toBe(1);
  });

  it("leave a request open when the hook before admission fails", async () => {
    const { joiner, group, invite, deps } = await openScene(network);
    await sendJoinRequest(joiner.client, invite);
    const onBeforeAdmit = async (): Promise<void> => {
      throw new Error("not yet renamed");
    };
    expect(outcomes(await catchUpJoinRequests({ ...deps, onBeforeAdmit }))).toEqual(["error", "error"]);
    expect(await isMember(group, joiner)).toBe(false);
    expect(outcomes(await catchUpJoinRequests(deps))).toEqual(["admitted", "already-handled"]);
  });

  const changes: [string, object, (theirs: Group<unknown>) => Promise<unknown>][] = [
    [
      "revokes the invite",
      { errorType: "conversation_expired", reason: "invite revoked" },
      (theirs) => rotateTag(theirs),
    ],
    [
      "lets nobody in any more",
      { errorType: "generic_failure", reason: "the conversation is locked" },
      (theirs) => theirs.updatePermission(PERMISSION.addMember, POLICY.deny),
    ],
  ];
  it.each(changes)(
    "admit nobody when somebody %s during the hook before admission",
    async (_how, refusal, change) => {
      const { inviter, joiner, group, invite, deps } = await openScene(network);
      const other = await network.person();
      await group.addMembers([other.inboxId]);
      await group.addSuperAdmin(other.inboxId);
      await other.client.conversations.sync();
      const theirs = await other.client.conversations.getConversationById(group.id);
      if (!(theirs instanceof Group)) throw new Error("the group did not arrive");
      await sendJoinRequest(joiner.client, invite);
      const { dm, message } = await receivedRequest(inviter, joiner);
      const onBeforeAdmit = async (): Promise<void> => void (await change(theirs));
      const outcome = await handleJoinRequest({ ...deps, onBeforeAdmit }, dm, message);
      expect(outcome).toMatchObject({ outcome: "refused", ...refusal });
      expect(await isMember(group, joiner)).toBe(false);
    },
  );

  it("keep an admission whose follow-up failed, and say what failed", async () => {
    const { joiner, group, invite, deps } = await openScene(network);
    await sendJoinRequest(joiner.client, invite);
    const failure = new Error("no greeting");
    const onAdmitted = async (): Promise<void> => {
      throw failure;
    };
    const [first] = await catchUpJoinRequests({ ...deps, onAdmitted });
    expect(first?.result).toMatchObject({
      outcome: "admitted",
      failures: [{ step: "on-admitted", error: failure }],
    });
    expect(await isMember(group, joiner)).toBe(true);
  });

  it("end a wait at once when it is aborted", async () => {
    const { joiner, invite } = await openScene(network);
    await sendJoinRequest(joiner.client, invite);
    const abort = new AbortController();
    const admission = awaitAdmission(joiner.client, invite, { timeoutMs: 60_000, signal: abort.signal });
    abort.abort();
    expect(await admission).toEqual({ status: "aborted" });
  });

  it("ignore requests that are older than a day", async () => {
    const { joiner, invite, deps } = await openScene(network);
    await sendJoinRequest(joiner.client, invite);
    const tomorrow = (): Date => new Date(Date.now() + 24 * 60 * 60 * 1000 + 60_000);
    expect(await catchUpJoinRequests({ ...deps, now: tomorrow })).toEqual([]);
  });

  it("count an admission whose acknowledgement was lost", async () => {
    const { joiner, group, invite, deps, admitted } = await openScene(network);
    await sendJoinRequest(joiner.client, invite);
    network.node.faults.add({ method: "SendGroupMessages", when: "after", kind: "unavailable", times: 1 });
    expect(outcomes(await catchUpJoinRequests(deps))).toEqual(["admitted", "already-handled"]);
    expect(network.node.faults.list()).toEqual([]);
    expect(await isMember(group, joiner)).toBe(true);
    expect(admitted.length).toBe(1);
  });

  it("leave a request open while the network is down, and answer nothing", async () => {
    const { inviter, joiner, group, invite, deps, admitted } = await openScene(network);
    await sendJoinRequest(joiner.client, invite);
    const { dm, message } = await receivedRequest(inviter, joiner);
    for (const method of ["*", "SendGroupMessages"]) {
      network.node.faults.add({ method, when: "before", kind: "unavailable" });
      await expect(handleJoinRequest(deps, dm, message)).rejects.toThrow();
      network.node.faults.clear();
    }
    expect(await isMember(group, joiner)).toBe(false);
    expect(outcomes(await catchUpJoinRequests(deps))).toEqual(["admitted", "already-handled"]);
    expect(await isMember(group, joiner)).toBe(true);
    expect(admitted.length).toBe(1);
    expect(contents(await dmMessages(joiner, inviter), inviteJoinErrorCodec)).toEqual([]);
  }, 60_000);

  it("send the welcome later that could not be sent at once", async () => {
    const { inviter, joiner, invite, deps, admitted } = await openScene(network);
    await sendJoinRequest(joiner.client, invite);
    const { dm, message } = await receivedRequest(inviter, joiner);
    network.node.faults.add({ method: "SendWelcomeMessages", when: "before", kind: "unavailable" });
    await expect(handleJoinRequest(deps, dm, message)).rejects.toThrow();
    expect(admitted).toEqual([]);
    network.node.faults.clear();
    expect(outcomes(await catchUpJoinRequests(deps))).toEqual(["admitted", "already-handled"]);
    expect((await awaitAdmission(joiner.client, invite, wait)).status).toBe("joined");
    expect(admitted).toEqual([{ inboxId: joiner.inboxId, firstAdmission: true }]);
  }, 60_000);

  it("tell a joiner that the group cannot take it", async () => {
    const { inviter, joiner, group, invite, deps } = await openScene(network);
    await sendJoinRequest(joiner.client, invite);
    const { dm, message } = await receivedRequest(inviter, joiner);
    /** Locks at the last moment, when the request has been judged for good. */
    class LockingLedger extends MemoryJoinLedger {
      override async record(...[id, entry]: Parameters<MemoryJoinLedger["record"]>): Promise<void> {
        if (entry.outcome === "admitting") await lockGroup(group);
        super.record(id, entry);
      }
    }
    expect(await handleJoinRequest({ ...deps, ledger: new LockingLedger() }, dm, message)).toMatchObject({
      outcome: "refused",
      errorType: "generic_failure",
    });
    expect(await awaitAdmission(joiner.client, invite, wait)).toMatchObject({ errorType: "generic_failure" });
  });
});
