import { join } from "node:path";
import type { AgentConfig } from "../config.ts";
import type { Log } from "../log.ts";
import type { AgentState } from "../state/agent-state.ts";
import type { StatePaths } from "../state/paths.ts";
import { openClient, type XmtpClient } from "./open-client.ts";

/** The agent's two inboxes: one owns a conversation, the other joins those of people. */
export interface Identities {
  main: XmtpClient;
  join: XmtpClient;
}

/** Opens both, registering them the first time; waits for the node for as long as it takes. */
export async function openIdentities(
  config: AgentConfig,
  paths: StatePaths,
  state: AgentState,
  log: Log,
  signal: AbortSignal,
): Promise<Identities> {
  const { identities, vault } = state.identity;
  const open = (name: "main" | "join", mustExist: boolean): Promise<XmtpClient> =>
    openClient(
      {
        privateKey: identities[name].privateKey,
        databasePath: join(paths.xmtp, `${name}.db3`),
        databaseKey: vault.deriveKey(`xmtp-${name}`),
        env: config.xmtpEnv,
        apiUrl: config.xmtpApiUrl,
        mustExist,
      },
      log,
      signal,
    );
  const joins = state.claim.read()?.content.joinUrl !== undefined;
  const opened = await Promise.allSettled([
    open("main", identities.conversationId !== null),
    open("join", joins),
  ]);
  const [main, joiner] = opened;
  if (main.status === "fulfilled" && joiner.status === "fulfilled")
    return { main: main.value, join: joiner.value };
  for (const result of opened) if (result.status === "fulfilled") await result.value.close();
  throw main.status === "rejected"
    ? main.reason
    : new Error("an identity could not be opened", { cause: opened });
}
