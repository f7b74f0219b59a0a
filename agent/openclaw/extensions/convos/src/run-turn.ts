import { randomBytes } from "node:crypto";
import type { OpenClawConfig, PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import { resolveOutboundMediaUrls } from "openclaw/plugin-sdk/reply-payload";
import type { Turn, TurnResult } from "../../../../server/loopback/channel-api.ts";
import { ACCOUNT_ID, CHANNEL_ID } from "./account.ts";
import { sendInTurn } from "./current-turn.ts";
import { createFinalTextCollector } from "./final-text.ts";
import { loadOwnFile } from "./own-file.ts";
import { turnInstructions, turnText } from "./prompt.ts";

/** What the gateway gives its channel to work with. */
export interface ChannelHost {
  cfg: OpenClawConfig;
  runtime: PluginRuntime;
}

/** The gateway took the turn and came back without having asked the model; the turn may be run again. */
export class NotRunError extends Error {
  override name = "NotRunError";
}

/** Runs one turn of the model and returns what it finally said. Throws when the gateway could not run it. */
export async function runTurn(host: ChannelHost, turn: Turn, signal: AbortSignal): Promise<TurnResult> {
  const message = turn.messages.at(-1);
  if (!message) return { text: null, error: "rejected" };
  const { cfg } = host;
  const { channel } = host.runtime;
  const peer = { kind: "group", id: turn.conversationId } as const;
  // openclaw drops a message id it has seen before, but a turn that is offered again has to run again.
  const messageId = `${message.id}~${randomBytes(4).toString("hex")}`;
  const text = turnText(turn);
  const target = `group:${turn.conversationId}`;
  const route = channel.routing.resolveAgentRoute({ cfg, channel: CHANNEL_ID, accountId: ACCOUNT_ID, peer });
  /** Whether a message needs an answer was decided by the server; here every turn is to be answered. */
  const mentionFacts = { canDetectMention: false, wasMentioned: false };

  const ingress = await channel.inbound.ingress.resolveStable({
    cfg,
    channelId: CHANNEL_ID,
    accountId: ACCOUNT_ID,
    identity: { key: "inbox-id", entryIdPrefix: "inbox" },
    subject: { stableId: message.senderInboxId },
    conversation: peer,
    contextBinding: {
      agentId: route.agentId,
      sessionKey: route.sessionKey,
      messageId,
      inboundEventKind: "user_request",
      nativeChannelId: peer.id,
    },
    event: { kind: "message", authMode: "inbound", mayPair: false },
    dmPolicy: "disabled",
    groupPolicy: "open",
    mentionFacts,
    policy: { activation: { requireMention: false, allowTextCommands: false } },
    command: false,
  });
  if (ingress.ingress.admission !== "dispatch") return { text: null, error: "rejected" };

  const media = await Promise.all(
    turn.images.map(async ({ filename, mimeType, base64 }) => {
      const bytes = Buffer.from(base64, "base64");
      const saved = await channel.media.saveMediaBuffer(bytes, mimeType, "inbound", bytes.length, filename);
      return { path: saved.path, contentType: saved.contentType ?? mimeType };
    }),
  );
  const ctxPayload = channel.inbound.buildContext({
    channelIngress: ingress,
    channel: CHANNEL_ID,
    accountId: ACCOUNT_ID,
    messageId,
    messageIdFull: messageId,
    timestamp: message.sentAtMs,
    from: target,
    sender: { id: message.senderInboxId, name: message.senderName },
    conversation: { ...peer, nativeChannelId: peer.id },
    route: {
      agentId: route.agentId,
      accountId: ACCOUNT_ID,
      routeSessionKey: route.sessionKey,
      ...(route.dmScope && { dmScope: route.dmScope }),
    },
    reply: { to: target, originatingTo: target },
    // Nobody in a chat may command the gateway: the text that is searched for commands is empty.
    message: { rawBody: text, body: text, bodyForAgent: text, commandBody: "" },
    media,
    access: { commands: { authorized: false }, mentions: { ...mentionFacts, requireMention: false } },
    extra: { GroupSystemPrompt: turnInstructions(turn, new Date()) },
  });

  const final = createFinalTextCollector();
  const dispatched = channel.inbound.dispatch({
    cfg,
    channel: CHANNEL_ID,
    accountId: ACCOUNT_ID,
    route: { agentId: route.agentId, sessionKey: route.sessionKey },
    ctxPayload,
    replyPipeline: {},
    replyOptions: {
      abortSignal: signal,
      disableBlockStreaming: true,
      suppressTyping: true,
      onAgentRunStart: () => final.begin(),
      onAgentRunTerminalOutcome: (terminal) => final.end(terminal),
    },
    delivery: {
      // The server delivers; openclaw's own queue would send again after a restart.
      durable: false,
      deliver: async (payload, info) => {
        final.deliver(payload, info.kind);
        for (const path of resolveOutboundMediaUrls(payload)) await sendFile(path);
        return { visibleReplySent: true };
      },
    },
    record: {},
  });
  const outcome = await dispatched.catch((error: unknown) => {
    // What fails after the model has run is not run again: it may have done something.
    if (!final.hasRun) throw error;
    final.end("failed");
    return { dispatched: true };
  });
  if (!outcome.dispatched) return { text: null, error: "rejected" };
  if (!final.hasRun) throw new NotRunError();
  return final.result();
}

/** Sends a file that the answer names; openclaw has put it where it may be read. */
async function sendFile(path: string): Promise<void> {
  try {
    await sendInTurn(await loadOwnFile(path, {}));
  } catch {
    // Why it could not be read names a path; the people only need to know that they do not have it.
    await sendInTurn({ kind: "text", text: "I couldn't attach the file that belongs here." });
  }
}
