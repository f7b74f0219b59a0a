import type { FileReading } from "../attachments/read-file.ts";
import { filesOf, type SentFile } from "../attachments/sent-file.ts";
import type { Chat } from "../conversation/chat.ts";
import type { Log } from "../log.ts";
import type { AgentState } from "../state/agent-state.ts";
import type { Judge } from "./attention/attention.ts";
import { createPresence } from "./presence.ts";
import { startSender } from "./sender.ts";
import { createTurnFiles } from "./turn-files.ts";
import { type AgentTurnSource, createTurnSource, type TurnContext } from "./turn-source.ts";

export interface TalkOptions {
  state: Pick<AgentState, "turns" | "outbox" | "facts" | "schedules">;
  /** Undefined until the claim's conversation is open. */
  chat(): Chat | undefined;
  context(): Promise<TurnContext | undefined>;
  judge: Judge;
  readFile(file: SentFile, signal: AbortSignal): Promise<FileReading>;
  outOfCredit(): boolean;
  topUpUrl?: string | undefined;
  markdown: boolean;
  redact(text: string): string;
  log: Log;
}

/** The agent's ears and mouth: what is heard becomes turns, what is said goes out. */
export interface Talk {
  turns: AgentTurnSource;
  /** Something was queued to be said, or can be said from now on. */
  speakUp(): void;
  /** Resolves when the message that is on its way, if any, has got its fate. */
  stop(): Promise<void>;
}

export function startTalk(options: TalkOptions): Talk {
  const { state, chat, log } = options;
  const { outbox, facts } = state;
  const messageOf = (id: string): ReturnType<Chat["client"]["conversations"]["getMessageById"]> => {
    const open = chat();
    const message = open?.client.conversations.getMessageById(id);
    return message?.conversationId === open?.group.id ? message : undefined;
  };
  const sender = startSender({ outbox, chat, log });
  const turns = createTurnSource({
    ...options,
    ledger: state.turns,
    outbox,
    facts,
    isServing: () => chat() !== undefined,
    readFiles: createTurnFiles({
      filesOf: (id) => {
        const message = messageOf(id);
        return message === undefined ? [] : filesOf(message);
      },
      read: options.readFile,
    }),
    presence: createPresence({ group: () => chat()?.group, log }),
    senderOf: (id) => messageOf(id)?.senderInboxId,
    scheduledBy: (id) => state.schedules.ownerOf(id),
    onQueued: () => sender.wake(),
  });
  return { turns, speakUp: () => sender.wake(), stop: () => sender.stop() };
}
