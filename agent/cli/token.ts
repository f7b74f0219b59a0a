import { convosToken } from "../server/convos-routes/token.ts";
import { type Command, EXIT } from "./command.ts";
import { EnvFile } from "./env-file.ts";
import { COMMON_USAGE, parseOptions } from "./options.ts";
import { agentSecrets, readSettings } from "./settings.ts";

export const token: Command = {
  summary: "print the token of the agent's /convos routes",
  usage: `usage: token [options]

Prints the one secret that is meant for you: whoever has it opens the agent's conversation, lets people in and ends it.

${COMMON_USAGE}`,
  async run(context) {
    const { envFile } = parseOptions(context, {});
    const value = convosToken(agentSecrets(readSettings(new EnvFile(envFile), context.env)).instanceSecret);
    context.output.tell({ event: "token", token: value }, value);
    return EXIT.ok;
  },
};
