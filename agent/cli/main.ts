import { ConfigError } from "../server/config.ts";
import { SecretsError } from "../server/secrets.ts";
import { StateLockedError } from "../server/state/database.ts";
import { apply } from "./apply.ts";
import { check } from "./check.ts";
import { type Command, CommandError, type Context, EXIT, UsageError } from "./command.ts";
import { gateway } from "./gateway.ts";
import { init } from "./init.ts";
import { keyProvision } from "./key-provision.ts";
import { Output } from "./output.ts";
import { reset } from "./reset.ts";
import { token } from "./token.ts";

const COMMANDS: Readonly<Record<string, Command>> = {
  init,
  "key-provision": keyProvision,
  apply,
  check,
  gateway,
  token,
  reset,
};
const HELP_FLAGS: readonly string[] = ["--help", "-h"];

async function main([name = "", ...args]: readonly string[]): Promise<number> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    const isHelp = HELP_FLAGS.includes(name);
    const unknown = name === "" || isHelp ? "" : `there is no command '${name}'\n\n`;
    (isHelp ? process.stdout : process.stderr).write(`${unknown}${overview()}`);
    return isHelp ? EXIT.ok : EXIT.usage;
  }
  if (args.some((arg) => HELP_FLAGS.includes(arg))) {
    process.stdout.write(command.usage);
    return EXIT.ok;
  }
  const output = new Output(args.includes("--json"), process.stdout, process.stderr);
  const context: Context = { args, env: process.env, cwd: process.cwd(), output };
  try {
    return await command.run(context);
  } catch (error) {
    return explain(error, command, output);
  }
}

function explain(error: unknown, command: Command, output: Output): number {
  if (error instanceof UsageError) {
    output.fail({ message: error.message }, `${error.message}\n\n${command.usage}`);
    return EXIT.usage;
  }
  if (error instanceof ConfigError || error instanceof SecretsError) {
    output.fail({ message: error.message }, error.message);
    return EXIT.unusable;
  }
  if (error instanceof StateLockedError) {
    output.fail({ message: error.message }, error.message);
    return EXIT.failed;
  }
  if (!(error instanceof CommandError)) throw error;
  const { message, hint, exitCode } = error;
  output.fail({ message, ...(hint && { hint }) }, hint === undefined ? message : `${message}\n${hint}`);
  return exitCode;
}

function overview(): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(14)} ${summary}\n`);
  return `usage: npm run cli -- <command> [options]; --help explains a command\n\n${lines.join("")}`;
}

for (const stream of [process.stdout, process.stderr])
  stream.on("error", () => {
    // Nobody reads any more: what is under way goes on to its end.
  });
process.exitCode = await main(process.argv.slice(2));
