import { LIMITS } from "../domain/limits.ts";
import { joinConversation, readInvite } from "./chat/join.ts";
import { openPerson } from "./chat/person.ts";
import { SLASH_HELP } from "./chat/slash-commands.ts";
import { talk } from "./chat/talk.ts";
import { type Command, type Context, EXIT, type ExitCode, UsageError } from "./command.ts";
import { stateDir, xmtpEndpoint } from "./credentials.ts";
import { COMMON_USAGE, integer, parseOptions } from "./options.ts";

const DEFAULT_NAME = "Guest";
const DEFAULT_TIMEOUT_S = 120;

const OPTIONS = {
  name: { type: "string", default: DEFAULT_NAME },
  message: { type: "string", multiple: true },
  "timeout-s": { type: "string" },
} as const;

export const chat: Command = {
  summary: "talk in a conversation, as a person with an identity of its own",
  usage: `usage: chat INVITE [options]

  --name NAME       who you are (default ${DEFAULT_NAME}); each name is a person of its own, kept in the state folder
  --message TEXT    say this, wait for the answer, and end; may be given again; may be a command
  --timeout-s N     how long to wait to be let in, and for each answer (default ${DEFAULT_TIMEOUT_S})
${COMMON_USAGE}
In the chat:
${SLASH_HELP}
`,
  run,
};

async function run(context: Context): Promise<ExitCode> {
  const { values, positionals } = parseOptions(context.args, OPTIONS, 1);
  const [text] = positionals;
  if (text === undefined) throw new UsageError("which invite? `npm run claim` prints one");
  const { name } = values;
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u.test(name) || name.length > LIMITS.nameMaxChars) {
    throw new UsageError(
      `--name takes at most ${LIMITS.nameMaxChars} letters, digits, spaces, dots and dashes`,
    );
  }
  const timeoutMs = 1000 * (integer("--timeout-s", values["timeout-s"], 1, 86_400) ?? DEFAULT_TIMEOUT_S);
  const endpoint = await xmtpEndpoint(context, values.state);
  const invite = readInvite(text, endpoint.network);

  await using person = await openPerson(stateDir(context, values.state), name, endpoint);
  const { output, signal } = context;
  const { group, isNew } = await joinConversation(person, invite, { timeoutMs, signal, output });
  output.tell(
    { event: "joined", conversationId: group.id, name: group.name, inboxId: person.client.inboxId, isNew },
    `* You are in "${group.name}" as ${name}. /help lists the commands.`,
  );
  await talk(context, person, group, { isNew, timeoutMs, messages: values.message });
  if (!group.isActive) output.tell({ event: "ended" }, "* You are no longer a member of this conversation.");
  return EXIT.ok;
}
