import { createAgentmailSkill } from "../../skills/agentmail/index.ts";
import { createBankrSkill, quoteEntryId, quoteIdOf } from "../../skills/bankr/index.ts";
import { createBrowsingSkill } from "../../skills/browsing/index.ts";
import { createFilesSkill } from "../../skills/files/index.ts";
import { createImagesSkill, pictureToJpeg } from "../../skills/images/index.ts";
import { createSandbox } from "../../skills/kit/sandbox.ts";
import type { Skill } from "../../skills/kit/skill.ts";
import { createModelCallsSkill } from "../../skills/model-calls/index.ts";
import { createSchedulingSkill, startScheduler } from "../../skills/scheduling/index.ts";
import { createTelnyxSkill } from "../../skills/telnyx-cli/index.ts";
import { createSmsPolicy } from "../../skills/telnyx-cli/sms-policy.ts";
import { createVoiceSkill } from "../../skills/voice/index.ts";
import { createWebSearchSkill } from "../../skills/web-search/index.ts";
import type { FileHelp } from "../attachments/read-file.ts";
import type { Brain, BrainSkills } from "../brain.ts";
import type { AgentConfig } from "../config.ts";
import { gatewayPaths } from "../gateway/paths.ts";
import { startMailWatch } from "../inbound/mail-watch.ts";
import { outsideName } from "../inbound/outside-message.ts";
import type { Log } from "../log.ts";
import type { AgentState } from "../state/agent-state.ts";
import type { StatePaths } from "../state/paths.ts";
import type { StoredMessage } from "../state/turn-ledger.ts";
import type { TurnContext } from "../talk/turn-source.ts";
import { createAccounts } from "./accounts.ts";
import type { Equipment } from "./equipment.ts";
import { createSkillHost } from "./skill-host.ts";
import { askingOf } from "./turn-mandate.ts";
import { openWorkspace } from "./workspace.ts";

/** What people send is kept up to this much; what comes then is read, and not kept. */
const RECEIVED_MAX_BYTES = 1024 * 1024 * 1024;

export interface AgentSkillsOptions {
  config: AgentConfig;
  paths: StatePaths;
  state: AgentState;
  keys: { instanceSecret: string; modelKey: string };
  equipment: Equipment;
  brain: Pick<Brain, "outOfCredit" | "exhausted">;
  /** Where the agent listens, once it does. */
  ownPort(): number | undefined;
  /** Undefined while there is no conversation. */
  context(): Promise<TurnContext | undefined>;
  /** Makes a turn of what comes from outside, once; false when it was known. */
  takeOutside(message: StoredMessage): boolean;
  /** Something was queued to be said. */
  onQueued(): void;
  /** Something new waits for an answer. */
  onMessage(): void;
  log: Log;
}

/** The skills with what they need of a living agent, and what it needs of them. */
export interface AgentSkills extends BrainSkills {
  /** What they do with files that come. */
  fileHelp: FileHelp;
  /** Hears a member's new message before it becomes a turn; true when nothing is left to answer. */
  heed(message: StoredMessage): Promise<boolean>;
  /** There is a claim, or texts can be queued from now on. */
  wake(): void;
  stop(): Promise<void>;
}

export function createAgentSkills(options: AgentSkillsOptions): AgentSkills {
  const { config, state, keys, brain, context, log } = options;
  const { turns, outbox, schedules, namedAddresses } = state;
  const { workspaceDir: dir, tmpDir } = gatewayPaths(options.paths.gateway);
  const { gatewayUid: uid, modelBaseUrl: baseUrl } = config;
  const workspace = { dir, uid, gid: uid };
  const sandbox = createSandbox({ ...workspace, tmpDir });
  let agentName = config.defaultAgentName;
  let taintedTurnId: string | undefined;

  const isClaimed = (): boolean => state.claim.read() !== undefined;
  const accounts = createAccounts(options.equipment, config, keys.instanceSecret, isClaimed);
  const asking = async () => {
    const turn = turns.openTurn();
    if (turn === undefined) return undefined;
    const present = await context();
    agentName = present?.agentName ?? agentName;
    const isTainted =
      turn.turnId === taintedTurnId ||
      turn.messages.some(({ id, fileNames }) => fileNames !== undefined || schedules.isTainted(id));
    return askingOf({ turn, context: present, namedAddresses, scheduledBy: schedules.ownerOf, isTainted });
  };
  const tell = (entryId: string, text: string): void => {
    if (outbox.queue(entryId, { kind: "text", text, isMarkdown: false })) options.onQueued();
  };
  const noteCost = (costUsd: number): void =>
    turns.noteUsage({ costUsd, promptTokens: 0, completionTokens: 0 });
  const breaker = {
    get open() {
      return brain.outOfCredit;
    },
    trip: () => {
      brain.exhausted();
      return true;
    },
  };
  const policy = createSmsPolicy({ log: state.smsLog, sender: () => `${agentName}, an AI assistant` });
  const voice = createVoiceSkill({
    ...{ baseUrl, key: keys.modelKey, breaker, sandbox, onCost: noteCost },
    models: { transcription: config.transcriptionModelId, speech: config.speechModelId },
  });
  const usdLimits = { perTransfer: String(config.paymentMaxUsd), perDay: String(config.paymentDayMaxUsd) };
  const bankr = createBankrSkill({
    wallet: accounts.wallet,
    store: state.payments,
    limits: { USDC: usdLimits },
    post: (quoteId, text) => tell(quoteEntryId(quoteId), text),
    tell,
    log,
  });
  const { transcriber } = voice;
  const skills: readonly Skill[] = [
    createWebSearchSkill({
      ...{ baseUrl, key: keys.modelKey, modelId: config.searchModelId },
      isOutOfCredit: () => brain.outOfCredit,
      onOutOfCredit: brain.exhausted,
      onUsage: ({ costUsd = 0 }) => noteCost(costUsd),
    }),
    createBrowsingSkill({
      ...{ uid, gid: uid, tmpDir },
      env: {
        PUPPETEER_EXECUTABLE_PATH: config.chromiumPath,
        PUPPETEER_CACHE_DIR: process.env.PUPPETEER_CACHE_DIR,
      },
      allowedPages: () => [
        `http://127.0.0.1:${options.ownPort()}/web-tools/`,
        ...config.fileOrigins.map((origin) => `${origin}/`),
      ],
    }),
    createAgentmailSkill({
      mailbox: accounts.mailbox,
      baseUrl: config.agentmailBaseUrl,
      events: state.calendarEvents,
      sandbox,
    }),
    createSchedulingSkill({ schedules, onChange: () => scheduler.wake() }),
    createFilesSkill({ sandbox }),
    createImagesSkill({ sandbox }),
    voice,
    bankr,
    createTelnyxSkill({
      log: state.smsLog,
      policy,
      access: accounts.sms,
      number: accounts.number,
      requestNumber: accounts.requestNumber,
    }),
    createModelCallsSkill({ baseUrl, key: keys.modelKey, models: config, costs: () => turns.costs() }),
  ];
  const host = createSkillHost({
    skills,
    workspace,
    asking,
    turnId: () => turns.openTurn()?.turnId,
    onAction: () => turns.noteAction(),
    onForeignWords: () => {
      taintedTurnId = turns.openTurn()?.turnId;
    },
    onOutOfCredit: brain.exhausted,
    log,
  });
  const { onMessage } = options;
  const take = (message: StoredMessage): boolean => turns.take(message);
  const scheduler = startScheduler({ schedules, take, isClaimed, onMessage, log });
  const mail = startMailWatch({
    ...{ mailbox: accounts.mailbox, baseUrl: config.agentmailBaseUrl, isClaimed, onMessage, log },
    take: options.takeOutside,
    knows: (id) => turns.knows(id),
    since: {
      read: () => state.facts.get("mail-known-until"),
      write: (at) => state.facts.set("mail-known-until", at),
    },
  });

  return {
    host,
    sms: {
      policy,
      mandate: async () => (host.hasCalledShell() ? (await asking())?.mandate : undefined),
    },
    fileHelp: {
      keep: (filename, bytes, signal) =>
        openWorkspace({ ...workspace, signal, folderMaxBytes: RECEIVED_MAX_BYTES }).write(
          `received/${fileNameOf(filename)}`,
          bytes,
        ),
      toJpeg: (bytes, signal) => pictureToJpeg(sandbox, bytes, signal),
      ...(transcriber && {
        transcribe: async (audio, signal) => transcriber.transcribe(audio, signal),
      }),
    },
    heed: async ({ id, senderInboxId, text, replyToId, reaction }) => {
      // A reaction is told with what it is on, which are words of ours.
      if (reaction === undefined) namedAddresses.note(text, senderInboxId);
      const entryId = replyToId === undefined ? undefined : outbox.entryOf(replyToId);
      const quoteId = entryId === undefined ? undefined : quoteIdOf(entryId);
      if (quoteId === undefined) return false;
      const present = await context();
      const isMember = present?.members.some(({ inboxId, isSelf }) => inboxId === senderInboxId && !isSelf);
      const isPerson =
        isMember === true &&
        !present?.agentInboxIds.has(senderInboxId) &&
        outsideName(senderInboxId) === undefined;
      const said = { id, senderInboxId, isPerson, text, replyToQuoteId: quoteId };
      const considered = bankr.payments.consider(reaction === undefined ? said : { ...said, reaction });
      // After a crash the same message is heard again, and has confirmed already.
      if (considered === "already") return state.payments.find(quoteId)?.confirmation?.messageId === id;
      return considered !== undefined;
    },
    wake: () => {
      scheduler.wake();
      mail.wake();
      bankr.payments.resume();
    },
    stop: async () => {
      scheduler.stop();
      await Promise.all([mail.stop(), host.close()]);
    },
  };
}

/** A name that makes no folder and hides no file. */
const fileNameOf = (name: string): string =>
  name
    .replaceAll(/[/\\\p{Cc}]/gu, "-")
    .replace(/^\.+/, "")
    .slice(-100) || "file";
