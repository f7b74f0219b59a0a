import { type ChannelPlugin, createChatChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import { ACCOUNT_ID, CHANNEL_ID, type ConvosAccount, isConfigured, resolveAccount } from "./account.ts";
import { createChannelClient } from "./channel-client.ts";
import { messageActions } from "./message-actions.ts";
import { pumpTurns } from "./pump.ts";
import { getRuntime } from "./runtime.ts";

/** The channel knows one conversation; whatever target the model names, it is that one. */
const stripPrefix = (target: string): string => target.trim().replace(/^convos:/, "");

export const convosPlugin: ChannelPlugin<ConvosAccount> = createChatChannelPlugin<ConvosAccount>({
  base: {
    id: CHANNEL_ID,
    meta: {
      id: CHANNEL_ID,
      label: "Convos",
      selectionLabel: "Convos",
      docsPath: "/channels/convos",
      blurb: "One group conversation.",
    },
    capabilities: { chatTypes: ["group"], reply: true, media: true, reactions: true },
    config: {
      listAccountIds: () => [ACCOUNT_ID],
      resolveAccount,
      isEnabled: (account) => account.enabled,
      isConfigured,
      inspectAccount: (cfg) => {
        const account = resolveAccount(cfg);
        return { enabled: account.enabled, configured: isConfigured(account) };
      },
      describeAccount: (account) => ({
        accountId: account.accountId,
        enabled: account.enabled,
        configured: isConfigured(account),
      }),
    },
    // Without this the model is told that it is called by name only.
    groups: { resolveRequireMention: () => false },
    messaging: {
      targetPrefixes: [CHANNEL_ID],
      normalizeTarget: stripPrefix,
      inferTargetChatType: () => "group",
      targetResolver: { looksLikeId: (raw) => /^(convos:)?group:/.test(raw.trim()), hint: "group:<id>" },
    },
    actions: messageActions,
    gateway: {
      startAccount: async (context) => {
        const { abortSignal, accountId, account, log } = context;
        context.setStatus({ accountId, running: true, connected: true, configured: true, enabled: true });
        await pumpTurns({
          host: { cfg: context.cfg, runtime: getRuntime() },
          client: createChannelClient(account),
          signal: abortSignal,
          warn: (message) => log?.warn?.(message),
          onAbandoned: () => process.kill(process.pid, "SIGTERM"),
        });
      },
    },
  },
  outbound: {
    base: { deliveryMode: "direct" },
    attachedResults: {
      channel: CHANNEL_ID,
      // What openclaw wants to say outside a turn (a queue it drains, a run it resumes) has no place here.
      sendText: async () => {
        throw new Error("texts leave only as the answer of a turn");
      },
    },
  },
});
