import type { Log } from "../log.ts";
import { type Feed, startFeed } from "../xmtp/feed.ts";
import type { XmtpClient } from "../xmtp/open-client.ts";
import type { Admission } from "./admission.ts";
import type { Chat } from "./chat.ts";
import type { Watch } from "./watch.ts";

export interface FollowInboxOptions {
  client: XmtpClient;
  /** The claim's conversation, whichever inbox it belongs to, and who reads it. */
  current(): { chat: Chat | undefined; watch: Watch | undefined } | undefined;
  /** Judges what comes in any other conversation; none where nobody asks to be let in. */
  admission: Admission | undefined;
  log: Log;
}

/** Reads all that reaches one of the agent's inboxes: the claim's conversation, and the requests to be let into it. */
export function followInbox({ client, current, admission, log }: FollowInboxOptions): Feed {
  const own = (): Watch | undefined => (current()?.chat?.client === client ? current()?.watch : undefined);
  return startFeed({
    client,
    log,
    onMessage: async (message) => {
      if (message.conversationId !== current()?.chat?.group.id) admission?.consider(message);
      else await own()?.take(message);
    },
    catchUp: async () => {
      await client.conversations.sync();
      await own()?.catchUp();
      await admission?.catchUp();
    },
  });
}
