import { applyTemplate } from "./apply.ts";
import { checkAgent } from "./check.ts";
import type { Command } from "./command.ts";
import { EnvFile } from "./env-file.ts";
import { PROVISION_OPTIONS, PROVISION_USAGE, provision } from "./key-provision.ts";
import { COMMON_USAGE, integer, parseOptions } from "./options.ts";
import { readSettings } from "./settings.ts";

export const init: Command = {
  summary: "key-provision, apply, check: everything before the first start",
  usage: `usage: init [options]

${PROVISION_USAGE}${COMMON_USAGE}`,
  async run(context) {
    const { values, envFile } = parseOptions(context, PROVISION_OPTIONS);
    const file = new EnvFile(envFile);
    await provision(context, file, integer("--limit-usd", values["limit-usd"], 1, 10_000));
    await applyTemplate(context, readSettings(file, context.env));
    return checkAgent(context, file);
  },
};
