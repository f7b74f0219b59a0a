import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import { sendInTurn } from "./current-turn.ts";
import { loadOwnFile } from "./own-file.ts";

type Actions = NonNullable<ChannelPlugin["actions"]>;
type ActionContext = Parameters<NonNullable<Actions["handleAction"]>>[0];

const ACTIONS = ["send", "react"] as const;
/** The names under which the shared `message` tool gives a file. */
const FILE_PARAMETERS = ["media", "mediaUrl", "filePath", "path"] as const;

const textOf = (value: unknown): string => (typeof value === "string" ? value.trim() : "");

/** openclaw numbers a message of ours anew each time it is run (see run-turn): what stands before is its id. */
const messageIdOf = (value: unknown): string => textOf(value).split("~", 1)[0] ?? "";

async function send({ params, mediaAccess, mediaLocalRoots, mediaReadFile }: ActionContext): Promise<void> {
  const text = textOf(params.message);
  const path = FILE_PARAMETERS.map((name) => textOf(params[name])).find((given) => given !== "");
  if (text === "" && path === undefined)
    throw new Error("there is nothing to send: give a message or a file");
  const access = { ...mediaAccess, localRoots: mediaLocalRoots, readFile: mediaReadFile };
  // The file comes first, so that a text that speaks of it is not sent when it cannot be.
  if (path !== undefined) await sendInTurn(await loadOwnFile(path, access));
  if (text !== "") await sendInTurn({ kind: "text", text });
}

async function react({ params }: ActionContext): Promise<void> {
  const emoji = textOf(params.emoji);
  const messageId = messageIdOf(params.messageId);
  if (emoji === "" || params.remove === true) throw new Error("only adding an emoji is possible here");
  await sendInTurn({ kind: "reaction", emoji, ...(messageId === "" ? {} : { messageId }) });
}

/** What the `message` tool can do in the conversation: say something, send a file of the agent's, react. */
export const messageActions: Actions = {
  describeMessageTool: () => ({ actions: ACTIONS }),
  supportsAction: ({ action }) => ACTIONS.some((known) => known === action),
  handleAction: async (context) => {
    if (context.action === "react") await react(context);
    else await send(context);
    return { content: [{ type: "text", text: "sent" }], details: { ok: true } };
  },
};
