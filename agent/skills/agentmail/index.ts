import type { Sandbox } from "../kit/sandbox.ts";
import type { Skill } from "../kit/skill.ts";
import { ToolError } from "../kit/tool-error.ts";
import type { EventStore } from "./event-store.ts";
import { eventTool } from "./event-tool.ts";
import { connect, type MailboxOptions } from "./mailbox.ts";
import { readTool } from "./read-tool.ts";
import { sendTool } from "./send-tool.ts";
import { sentenceOf, troubleOf } from "./trouble.ts";

export type { EventStore } from "./event-store.ts";
export type { Mailbox } from "./mailbox.ts";

export interface AgentmailOptions extends MailboxOptions {
  events: EventStore;
  /** Where the invitations that come with mails are read. */
  sandbox: Sandbox;
}

/** The agent's mailbox: sending, invitations to events, reading. */
export function createAgentmailSkill(options: AgentmailOptions): Skill {
  return {
    name: "agentmail",
    tools: [sendTool(options), eventTool(options), readTool(options)],
    setup: async (signal) => {
      try {
        const mailbox = await options.mailbox();
        if (mailbox === undefined)
          return { state: "off", detail: "No mailbox: the agent was given no AgentMail inbox and key." };
        const box = connect(mailbox, options.baseUrl);
        await box.sdk.inboxes.get(box.address, { abortSignal: signal });
        return { state: "ready", detail: `AgentMail, as ${box.address}.` };
      } catch (error) {
        signal.throwIfAborted();
        const detail = error instanceof ToolError ? error.message : sentenceOf(troubleOf(error));
        return { state: "failing", detail };
      }
    },
  };
}
