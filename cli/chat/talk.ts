import type { Group } from "@xmtp/node-sdk";
import { CommandError, type Context } from "../command.ts";
import type { Output } from "../output.ts";
import { Conversation } from "./conversation.ts";
import { Feed } from "./feed.ts";
import type { Person } from "./person.ts";
import { runSlashCommand } from "./slash-commands.ts";
import { openTerminal, readLines } from "./terminal.ts";

const MAX_SHOWN_HISTORY = 20;
/** An agent greets whom it let in; the greeting should not be taken for an answer. */
const GREETING_WAIT_MS = 3_000;

export interface TalkOptions {
  /** Whether we have been let in just now. */
  readonly isNew: boolean;
  /** For each answer, where one is waited for. */
  readonly timeoutMs: number;
  /** What to say; undefined to take it from standard input. */
  readonly messages: readonly string[] | undefined;
}

/** Shows the conversation and says what is to be said, until one of both ends. */
export async function talk(
  context: Context,
  person: Person,
  group: Group<unknown>,
  options: TalkOptions,
): Promise<void> {
  const over = new AbortController();
  const end = (): void => over.abort();
  context.signal.addEventListener("abort", end, { once: true });
  if (context.signal.aborted) end();
  const isInteractive = options.messages === undefined && context.input.isTTY === true;
  using terminal = isInteractive ? openTerminal(over.signal) : undefined;
  const output = terminal ? context.output.through(terminal.out) : context.output;
  const conversation = new Conversation(group, person, output);
  const feed = new Feed(group, (message) =>
    conversation.show(message, { isHistory: false, isEchoed: isInteractive }),
  );
  if (!options.isNew) {
    const history = (await feed.takeHistory()).slice(-MAX_SHOWN_HISTORY);
    for (const message of history) await conversation.show(message, { isHistory: true, isEchoed: false });
  }
  const reading = feed.run().finally(end);
  const talking = terminal
    ? converse(terminal.lines, conversation, output)
    : ask(
        options.messages ?? readLines(context.input, over.signal),
        conversation,
        output,
        options,
        over.signal,
      );
  const [read, said] = await Promise.allSettled([reading, talking.finally(() => feed.stop())]);
  if (said.status === "rejected") throw said.reason;
  if (read.status === "rejected") throw read.reason;
}

type Lines = AsyncIterable<string> | Iterable<string>;

/** Says what is typed; what goes wrong is told, and the chat goes on. */
async function converse(lines: Lines, conversation: Conversation, output: Output): Promise<void> {
  for await (const line of lines) {
    try {
      if ((await say(line, conversation, output)) === "quit") return;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const { message, hint } = error;
      output.fail({ message, hint }, hint === undefined ? message : `${message}\n${hint}`);
    }
  }
}

/** Says each line and waits for its answer before the next one. Throws when none comes. */
async function ask(
  lines: Lines,
  conversation: Conversation,
  output: Output,
  { isNew, timeoutMs }: TalkOptions,
  over: AbortSignal,
): Promise<void> {
  if (isNew) await conversation.hears(GREETING_WAIT_MS, over);
  for await (const line of lines) {
    if (over.aborted) return;
    const answer = conversation.hears(timeoutMs, over);
    const said = await say(line, conversation, output);
    if (said === "quit") return;
    if (said === "said" && !(await answer) && !over.aborted) {
      throw new CommandError(`nobody answered within ${timeoutMs / 1000} s`, {
        hint: "`npm run status` says how the agent is.",
      });
    }
  }
}

async function say(
  line: string,
  conversation: Conversation,
  output: Output,
): Promise<"said" | "done" | "quit"> {
  const text = line.trim();
  if (text === "") return "done";
  if (text.startsWith("/")) return runSlashCommand(text, conversation, output);
  try {
    await conversation.group.sendText(text);
    return "said";
  } catch (error) {
    throw new CommandError("the message was not sent", {
      hint: "The network does not answer; say it again in a moment.",
      cause: error,
    });
  }
}
