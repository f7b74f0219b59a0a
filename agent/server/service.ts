import type { AgentAttestation } from "../../domain/attestation.ts";
import { AGENT_MEMBER_KIND, parseInvite, resolveProfiles } from "../convos/index.ts";
import type { AgentConfig } from "./config.ts";
import type { Chat } from "./conversation/chat.ts";
import { joinByInvite } from "./conversation/join-by-invite.ts";
import { createOwnProfile } from "./conversation/own-profile.ts";
import { showPicture } from "./conversation/picture.ts";
import { type PresentationOptions, presentAgent, refreshProfile } from "./conversation/presentation.ts";
import { createWatch, type Watch } from "./conversation/watch.ts";
import type { Log } from "./log.ts";
import { retryUntilDone } from "./retry.ts";
import type { AgentState } from "./state/agent-state.ts";
import type { ClaimRecord } from "./state/claim-record.ts";
import type { StatePaths } from "./state/paths.ts";
import type { StoredMessage } from "./state/turn-ledger.ts";
import { greeting } from "./talk/greeting.ts";
import { plainLine, plainName } from "./talk/plain-name.ts";
import { knownTimezone } from "./talk/timezone.ts";
import type { TurnContext } from "./talk/turn-source.ts";
import type { Identities } from "./xmtp/identities.ts";
import { groupById } from "./xmtp/own-conversation.ts";

const GREETING_ENTRY = "greeting";

export interface ServiceOptions {
  state: AgentState;
  identities: Identities;
  config: Pick<AgentConfig, "conversationOwner" | "xmtpEnv" | "fileOrigins">;
  paths: Pick<StatePaths, "pictures">;
  /** What shows the agent as verified, as of now. */
  attestation(): Promise<AgentAttestation | undefined>;
  log: Log;
  /** Ends what is done in the conversation. */
  signal: AbortSignal;
  /** Ends the looking for the conversation: later than `signal`, because who leaves must find it first. */
  closing: AbortSignal;
  heed(message: StoredMessage): Promise<boolean>;
  onUtterance(): void;
  onQueued(): void;
  onExplode(): void;
  onSchedule(expiresAt: Date): void;
  onDeserted(): void;
  /** The claim's conversation is there: it should be read from now on. */
  onChat(chat: Chat): void;
  /** A report waits, and `pending` claims have their outcome. */
  onJoinSettled(): void;
}

/** The claim being served: where, by which identity, presented how. */
export interface Service {
  readonly chat: Chat | undefined;
  readonly watch: Watch | undefined;
  /** Resolves when people may be admitted: name and profile are there as of now. Rejects when the agent ends first. */
  openDoor(): Promise<void>;
  admitted(inboxId: string, isAgent: boolean): Promise<void>;
  turnContext(): Promise<TurnContext | undefined>;
}

/** Serves a stored claim, from its beginning or from wherever a former process left it. */
export function startService(claim: ClaimRecord, options: ServiceOptions): Service {
  const { state, identities, log, signal } = options;
  const { facts, outbox } = state;
  const presented = Promise.withResolvers<void>();
  const { attestation } = options;
  let chat: Chat | undefined;
  let watch: Watch | undefined;
  let presentation: PresentationOptions | undefined;

  const enter = (entered: Chat, record: ClaimRecord): void => {
    chat = entered;
    watch = createWatch({ ...options, chat: entered, turns: state.turns, outbox, facts });
    options.onChat(entered);
    const { group } = entered;
    const profile = createOwnProfile({ group, claim: state.claim, facts });
    presentation = { group, claim: record, profile, facts, attestation, log, signal };
    presented.resolve(presentAgent(presentation));
    if (facts.get("owner") !== undefined) void grantOwnership(entered);
  };
  const showPictureNow = async (): Promise<void> => {
    if (chat === undefined || presentation === undefined) return;
    const { profile } = presentation;
    const { config, paths } = options;
    const folder = paths.pictures;
    await showPicture({
      ...config,
      chat,
      claim: state.claim,
      facts,
      profile,
      folder,
      attestation,
      log,
      signal,
    });
  };
  // Whoever awaits the presentation hears of its failure, which only says that the agent is ending.
  presented.promise.then(showPictureNow, () => undefined);
  const greet = (agentName: string): void => {
    const saying = { kind: "text", text: greeting(agentName), isMarkdown: false } as const;
    if (outbox.queue(GREETING_ENTRY, saying)) options.onQueued();
  };
  const grantOwnership = (entered: Chat): Promise<boolean> =>
    retryUntilDone(
      "grant-ownership",
      async () => {
        const owner = facts.get("owner");
        if (owner === undefined || facts.get("owner-granted") !== undefined) return;
        if (!entered.group.isSuperAdmin(owner)) await entered.group.addSuperAdmin(owner);
        facts.set("owner-granted", "yes");
      },
      log,
      signal,
    );
  const joinRoom = async (): Promise<void> => {
    const parsed = parseInvite(claim.content.joinUrl ?? "");
    if (!parsed.ok) throw new Error("the stored invite is malformed");
    const { agentName } = claim.content;
    const { join: client } = identities;
    const result = await joinByInvite({
      client,
      invite: parsed.invite,
      claimId: claim.claimId,
      agentName,
      wasAsked: facts.get("join-requested") !== undefined,
      onAsked: () => facts.set("join-requested", "yes"),
      log,
      signal,
    });
    if (result === undefined) return;
    // The report is durable before the claim counts as settled: a crash in between only repeats it.
    if ("joined" in result) {
      const { joined: group } = result;
      state.reports.add({ kind: "joined", claimId: claim.claimId, conversationId: group.id });
      enter({ client, group }, state.claim.settle("joined", group.id));
      greet(agentName);
    } else {
      state.reports.add({ kind: "join-refused", claimId: claim.claimId, refusal: result.refusal });
      state.claim.settle(result.refusal, null);
    }
    options.onJoinSettled();
  };
  const resume = async (): Promise<void> => {
    if (claim.outcome === "pending") return joinRoom();
    if (claim.conversationId === null) return;
    const client = claim.outcome === "joined" ? identities.join : identities.main;
    const group = await groupById(client, claim.conversationId);
    if (group === undefined) throw new Error("the claim's conversation is not in the database");
    enter({ client, group }, claim);
    if (claim.outcome === "joined") greet(claim.content.agentName);
  };
  void retryUntilDone("serve", resume, log, options.closing);

  return {
    get chat() {
      return chat;
    },
    get watch() {
      return watch;
    },
    openDoor: async () => {
      await presented.promise;
      if (presentation !== undefined) await refreshProfile(presentation);
    },
    admitted: async (inboxId, isAgent) => {
      facts.set("had-company", "yes");
      greet(claim.content.agentName);
      if (isAgent) return;
      facts.set("had-person", "yes");
      if (options.config.conversationOwner === "none" || chat === undefined) return;
      if (facts.get("owner") === undefined) facts.set("owner", inboxId);
      if (facts.get("owner") === inboxId) await grantOwnership(chat);
    },
    turnContext: async () => {
      if (chat === undefined) return undefined;
      const [members, profiles] = await Promise.all([chat.group.members(), resolveProfiles(chat.group)]);
      const self = chat.client.inboxId;
      const named = members.map(({ inboxId }) => {
        const profile = profiles.get(inboxId);
        const timezone = knownTimezone(profile?.metadata?.timezone);
        return {
          inboxId,
          name: plainName(profile?.name),
          isSelf: inboxId === self,
          ...(timezone && { timezone }),
        };
      });
      const agents = [...profiles].filter(([, { memberKind }]) => memberKind === AGENT_MEMBER_KIND);
      const agentInboxIds = new Set(agents.map(([inboxId]) => inboxId));
      const { agentName, instructions } = claim.content;
      return {
        conversationId: chat.group.id,
        conversationName: plainLine(chat.group.name),
        agentName,
        instructions,
        members: named,
        agentInboxIds,
      };
    },
  };
}
