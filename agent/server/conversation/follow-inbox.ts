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
  /** Who has read what was there before the stream. */
  let upToDate: Watch | undefined;
  const readPast = async (watch: Watch | undefined): Promise<void> => {
    await watch?.catchUp();
    upToDate = watch;
  };
  const feed: Feed = startFeed({
    client,
    log,
    onMessage: async (message) => {
      if (message.conversationId !== current()?.chat?.group.id) return admission?.consider(message);
      const watch = own();
      // After an interruption a stream goes on with what is new: what was said before that must be heard before it.
      if (!feed.live || upToDate !== watch) await readPast(watch);
      await watch?.take(message);
    },
    catchUp: async () => {
      await client.conversations.sync();
      await readPast(own());
      await admission?.catchUp();
    },
  });
  return feed;
}
