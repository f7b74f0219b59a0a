import { join } from "node:path";
import { ApiProblem } from "./api-client.ts";
import { type Command, CommandError, type Context, EXIT, type ExitCode, UsageError } from "./command.ts";
import { Output } from "./output.ts";

/** Loaded when asked for: the chat brings the XMTP client along, which the others do without. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  claim: async () => (await import("./claim.ts")).claim,
  invite: async () => (await import("./invite.ts")).invite,
  chat: async () => (await import("./chat.ts")).chat,
  explode: async () => (await import("./explode.ts")).explode,
  status: async () => (await import("./status.ts")).status,
  pool: async () => (await import("./pool.ts")).pool,
  "verify-receipt": async () => (await import("./verify-receipt.ts")).verifyReceiptCommand,
  audit: async () => (await import("./audit.ts")).audit,
};

const STOP_SIGNALS = ["SIGINT", "SIGTERM"] as const;
const SAME_SIGNAL_MS = 1_000;
const HELP_FLAGS: readonly string[] = ["--help", "-h"];

async function main(args: readonly string[]): Promise<ExitCode> {
  const [name = "", ...rest] = args;
  const output = new Output(rest.includes("--json"), process.stdout, process.stderr);
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!load) {
    const help = await overview();
    if (HELP_FLAGS.includes(name)) {
      process.stdout.write(help);
      return EXIT.ok;
    }
    process.stderr.write(name === "" ? help : `there is no command '${name}'\n\n${help}`);
    return EXIT.usage;
  }
  const command = await load();
  if (rest.some((arg) => HELP_FLAGS.includes(arg))) {
    process.stdout.write(command.usage);
    return EXIT.ok;
  }
  const signal = stopSignal();
  const context: Context = {
    args: rest,
    env: process.env,
    root: join(import.meta.dirname, ".."),
    output,
    signal,
    input: process.stdin,
  };
  try {
    return await command.run(context);
  } catch (error) {
    if (signal.aborted) return EXIT.failed;
    return explain(error, command, output);
  }
}

/**
 * Aborted by Ctrl-C, which arrives several times at once: from the terminal and from each program above us. One that
 * comes later ends us at once.
 */
function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  const stop = (): void => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    setTimeout(() => {
      for (const name of STOP_SIGNALS) process.off(name, stop);
    }, SAME_SIGNAL_MS).unref();
  };
  for (const name of STOP_SIGNALS) process.on(name, stop);
  return stopping.signal;
}

function explain(error: unknown, command: Command, output: Output): ExitCode {
  if (error instanceof UsageError) {
    output.fail({ message: error.message }, `${error.message}\n\n${command.usage}`);
    return EXIT.usage;
  }
  if (error instanceof CommandError) {
    const { message, hint, exitCode } = error;
    const code = error instanceof ApiProblem ? { code: error.problem.code } : {};
    output.fail({ message, hint, ...code }, hint === undefined ? message : `${message}\n${hint}`);
    return exitCode;
  }
  throw error;
}

async function overview(): Promise<string> {
  const lines = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, load]) => `  ${name.padEnd(9)} ${(await load()).summary}\n`),
  );
  return `usage: npm run <command> -- [options], or node cli/main.ts <command> [options]; --help explains a command\n\n${lines.join("")}`;
}

const code = await main(process.argv.slice(2));
// A stream of the XMTP client that was closed can keep a finished process alive for good: once all is written, it ends.
process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
