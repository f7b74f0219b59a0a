import type {
  AgentSecrets,
  AgentStatus,
  FaultCode,
  FaultPart,
  ProvisionRefusal,
} from "../../domain/agent-protocol.ts";
import { createFileReader } from "./attachments/read-file.ts";
import { createAttestationClient } from "./attestation-client.ts";
import type { Brain } from "./brain.ts";
import type { AgentConfig } from "./config.ts";
import { type Admission, createAdmission } from "./conversation/admission.ts";
import { findRoom } from "./conversation/find-room.ts";
import { followInbox } from "./conversation/follow-inbox.ts";
import { leaveConversation } from "./conversation/leave.ts";
import type { RoomLookup } from "./conversation/room.ts";
import { createVerification } from "./conversation/verification.ts";
import { createExpiryTimer } from "./explode/expiry-timer.ts";
import type { ExplodeReason, LivingParts } from "./explode/explosion.ts";
import type { GatewayClient } from "./gateway-client.ts";
import { createInboundClient } from "./inbound/inbound-client.ts";
import { startIntake } from "./inbound/intake.ts";
import { limitOutside } from "./inbound/outside-limit.ts";
import { errorName, type Log } from "./log.ts";
import type { AgentCore } from "./pool/agent-core.ts";
import { createProvision, warmUpInvites } from "./pool/provision.ts";
import { startReporter } from "./reporter.ts";
import { type Service, startService } from "./service.ts";
import { createAgentSkills } from "./skills/agent-skills.ts";
import { createEquipment } from "./skills/equipment.ts";
import type { AgentState } from "./state/agent-state.ts";
import { type ClaimRecord, refusalOf } from "./state/claim-record.ts";
import type { StatePaths } from "./state/paths.ts";
import { createRedaction } from "./talk/redaction.ts";
import { startTalk } from "./talk/start-talk.ts";
import { createWake, pause } from "./wake.ts";
import type { Feed } from "./xmtp/feed.ts";
import { type Identities, openIdentities } from "./xmtp/identities.ts";
import { ensureConversation } from "./xmtp/own-conversation.ts";

const POLL_MS = 20;
/** For the gateway to end by itself, within the time that a stop of the whole agent has. */
const STOP_GRACE_MS = 4_000;
/** How long an end that comes before the conversation has been opened waits for it. */
const LEAVE_WAIT_MS = 10_000;

export interface AgentOptions {
  config: AgentConfig;
  secrets: AgentSecrets;
  paths: StatePaths;
  state: AgentState;
  brain: Brain;
  gateway: GatewayClient;
  versions: Readonly<Record<string, string>>;
  /** Where this agent listens, once it does. */
  ownPort(): number | undefined;
  log: Log;
  /** The conversation has to end, for the reason given. */
  onExplode(reason: ExplodeReason, initiatedByUs: boolean): void;
}

export interface Agent {
  core: Omit<AgentCore, "explode">;
  /** Gets ready: identities, conversation, brain; then reports `idle`. Rejects when the state cannot be used. */
  boot(): Promise<void>;
  /** Ends everything but the state. Nothing new is begun; what is being sent is finished. */
  stop(): Promise<void>;
  /** Tells the platform that a part cannot be made to work. */
  fault(part: FaultPart, code: FaultCode): void;
  /** What an explosion takes from this agent. */
  dismantle(reason: ExplodeReason, initiatedByUs: boolean): LivingParts;
}

/** Puts the parts of a living agent together. */
export function createAgent(options: AgentOptions): Agent {
  const { config, state, brain, log } = options;
  const stopping = new AbortController();
  /** Comes after `stopping`: between the two the conversation may still be opened in order to be left. */
  const closing = new AbortController();
  const joinSettled = createWake();
  let identities: Identities | undefined;
  let group: Awaited<ReturnType<typeof ensureConversation>> | undefined;
  let mainFeed: Feed | undefined;
  let joinFeed: Feed | undefined;
  let service: Service | undefined;
  let booting: Promise<void> | undefined;

  const reporter = startReporter(state.reports, options.gateway);
  const timer = createExpiryTimer(() => options.onExplode("member", false));
  const { main, join } = state.identity.identities;
  const { instanceSecret, modelKey, stateKey } = options.secrets;
  const takeOutside = limitOutside(state.turns, log);
  const skills = createAgentSkills({
    ...options,
    takeOutside,
    keys: options.secrets,
    equipment: createEquipment({ ...config, instanceSecret, standalone: options.secrets.equipment }),
    context: async () => service?.turnContext(),
    onQueued: () => talk.speakUp(),
    onMessage: () => talk.turns.notify(),
  });
  const files = createFileReader({
    uid: config.gatewayUid,
    gid: config.gatewayUid,
    tmpDir: options.paths.files,
    allowedOrigins: config.fileOrigins,
    help: skills.fileHelp,
    log,
  });
  const talk = startTalk({
    state,
    chat: () => service?.chat,
    context: async () => service?.turnContext(),
    judge: (question, signal) => brain.judge(question, signal),
    readFile: files.read,
    outOfCredit: () => brain.outOfCredit,
    topUpUrl: config.topUpUrl,
    markdown: config.markdown,
    redact: createRedaction([instanceSecret, modelKey, stateKey, main.privateKey, join.privateKey]),
    log,
  });
  const { turns } = talk;

  const intake = startIntake({
    notifications: state.notifications,
    take: takeOutside,
    client: createInboundClient({ ...config, instanceSecret }),
    isClaimed: () => state.claim.read() !== undefined,
    onMessage: () => turns.notify(),
    onSms: (message) => skills.sms.policy.noteReceived(message) !== undefined,
    onCredits: () => brain.refilled(),
    log,
  });

  const attestation = createVerification({
    claim: state.claim,
    renew: createAttestationClient({ ...config, instanceSecret }),
    log,
    signal: stopping.signal,
  });

  const feedOf = (client: Identities["main"], admission: Admission | undefined): Feed =>
    followInbox({ client, current: () => service, admission, log });
  /** The platform is told, so that the end comes in time even if no process of this agent lives then. */
  const scheduleEnd = (expiresAtMs: number): void => {
    reporter.report({ kind: "expiry-set", expiresAtMs });
    timer.arm(expiresAtMs);
  };
  const serve = (claim: ClaimRecord, opened: Identities): void => {
    intake.wake();
    service = startService(claim, {
      ...options,
      identities: opened,
      attestation,
      signal: stopping.signal,
      closing: closing.signal,
      heed: (message) => skills.heed(message),
      onUtterance: () => turns.notify(),
      onQueued: () => talk.speakUp(),
      onExplode: () => options.onExplode("member", false),
      onDeserted: () => options.onExplode("removed", false),
      onSchedule: (expiresAt) => {
        // The report first: a crash in between makes the message count again, and with it the report.
        scheduleEnd(expiresAt.getTime());
        state.facts.set("expires-at-ms", String(expiresAt.getTime()));
      },
      onChat: ({ client }) => {
        if (stopping.signal.aborted) return;
        if (client === opened.join) joinFeed ??= feedOf(client, undefined);
        else mainFeed?.catchUpSoon();
        skills.wake();
        talk.speakUp();
        turns.notify();
      },
      onJoinSettled: () => {
        reporter.wake();
        joinSettled.wake();
      },
    });
  };
  const provision = createProvision({
    config,
    claim: state.claim,
    exploding: () => stopping.signal.aborted,
    parts: () =>
      identities === undefined || group === undefined || !brain.ready
        ? undefined
        : { ...identities, group, privateKey: main.privateKey },
    instruct: (instructions) => brain.instruct(instructions),
    serve: (claim) => {
      if (identities !== undefined) serve(claim, identities);
    },
    joinSettled: (timeoutMs) => joinSettled.sleep(stopping.signal, timeoutMs),
  });
  const status = (): AgentStatus => {
    const claim = state.claim.read();
    const parts = {
      identity: identities !== undefined,
      conversation: group !== undefined,
      network: mainFeed?.live === true && joinFeed?.live !== false,
      brain: brain.ready,
    };
    return {
      instanceId: config.instanceId,
      epoch: config.epoch,
      generation: config.generation,
      ready: Object.values(parts).every(Boolean) && !stopping.signal.aborted,
      parts,
      inboxId: identities?.main.inboxId ?? null,
      joinInboxId: identities?.join.inboxId ?? null,
      conversationId: claim === undefined ? (group?.id ?? null) : claim.conversationId,
      claimId: claim?.claimId ?? null,
      exploding: false,
      versions: options.versions,
    };
  };

  const room = (): RoomLookup => {
    const isEnding = stopping.signal.aborted;
    return findRoom({ state, config, chat: service?.chat, main: identities?.main, isEnding, log });
  };
  const joinRefusal = (): ProvisionRefusal | undefined => {
    const claim = state.claim.read();
    return claim && refusalOf(claim);
  };
  const notify = (id: string): boolean => {
    const isKept = state.notifications.keep(id);
    intake.wake();
    return isKept;
  };
  const silence = async (): Promise<void> => {
    stopping.abort();
    turns.stop();
    brain.cut();
    timer.stop();
    await Promise.all([reporter.stop(), intake.stop(), skills.stop()]);
  };
  const close = async (graceMs?: number): Promise<void> => {
    closing.abort();
    const ends = [
      async () => brain.stop(graceMs),
      async () => files.close(),
      async () => {
        await Promise.allSettled([booting]);
        await Promise.all([talk.stop(), mainFeed?.stop(), joinFeed?.stop()]);
        await Promise.all([identities?.main.close(), identities?.join.close()]);
      },
    ];
    for (const result of await Promise.allSettled(ends.map((end) => end())))
      if (result.status === "rejected") log("close-failed", { error: errorName(result.reason) });
  };
  /** The claim's conversation, waited for where there is one that is only not open yet. */
  const chatToLeave = async (): Promise<Service["chat"]> => {
    const hasConversation = (state.claim.read()?.conversationId ?? null) !== null;
    const deadline = Date.now() + LEAVE_WAIT_MS;
    while (hasConversation && service?.chat === undefined && Date.now() < deadline)
      await pause(POLL_MS, closing.signal);
    return service?.chat;
  };
  const boot = async (): Promise<void> => {
    const claim = state.claim.read();
    if (claim !== undefined) await brain.instruct(claim.content.instructions);
    const thinking = brain.start(turns, skills);
    thinking.catch(() => log("brain-not-started"));
    const opened = await openIdentities(config, options.paths, state, log, closing.signal);
    identities = opened;
    group = await ensureConversation(
      opened.main,
      state.identity,
      config.defaultAgentName,
      log,
      closing.signal,
    );
    const admission = createAdmission({
      client: opened.main,
      privateKey: Buffer.from(main.privateKey.slice(2), "hex"),
      ledger: state.joinLedger,
      isOpen: () => service?.chat?.client === opened.main && !stopping.signal.aborted,
      onBeforeAdmit: async () => service?.openDoor(),
      onAdmitted: async (inboxId, isAgent) => service?.admitted(inboxId, isAgent),
      onOpenRequest: () => mainFeed?.catchUpSoon(),
      log,
    });
    if (!stopping.signal.aborted) mainFeed = feedOf(opened.main, admission);
    if (claim !== undefined) serve(claim, opened);
    else warmUpInvites({ ...opened, group, privateKey: main.privateKey }, config);
    const expiresAt = state.facts.get("expires-at-ms");
    if (expiresAt !== undefined && !stopping.signal.aborted) scheduleEnd(Number(expiresAt));
    await thinking;
    while (!status().ready && !stopping.signal.aborted) await pause(POLL_MS, stopping.signal);
    // At every boot: a claimed agent that was started again is let back by this report.
    if (!stopping.signal.aborted)
      reporter.report({ kind: "idle", inboxId: opened.main.inboxId, conversationId: group.id });
    log("ready", { claimed: claim !== undefined });
  };
  return {
    core: { status, provision, room, joinRefusal, notify, skills: () => skills.host.settle() },
    boot: () => {
      booting = boot();
      return booting;
    },
    stop: async () => {
      await silence();
      await close(STOP_GRACE_MS);
    },
    fault: (part, code) => {
      if (!stopping.signal.aborted) reporter.report({ kind: "fault", part, code });
    },
    dismantle: (reason, initiatedByUs) => ({
      lastSequence: state.reports.lastSequence(),
      silence,
      // What is going to be wiped needs no time to put itself in order.
      close: () => close(0),
      leave: async () => {
        const chat = await chatToLeave();
        const ownerInboxId = state.facts.get("owner");
        if (chat !== undefined) await leaveConversation({ chat, reason, initiatedByUs, ownerInboxId, log });
      },
    }),
  };
}
