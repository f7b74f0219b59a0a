import { type Command, CommandError, type Context, EXIT } from "./command.ts";
import { EnvFile } from "./env-file.ts";
import { COMMON_USAGE, integer, parseOptions } from "./options.ts";
import type { Account } from "./providers/request.ts";
import { provisionIdentity, provisionMail, provisionModelKey, provisionNumber } from "./provision.ts";
import { DEFAULT_MODEL_URL, readSettings, type Settings } from "./settings.ts";

const LIMIT_USD = 20;
export const PROVISION_OPTIONS = { "limit-usd": { type: "string", default: String(LIMIT_USD) } } as const;
export const PROVISION_USAGE = `  --limit-usd N     what the model key may spend each month (default ${LIMIT_USD})
`;

export const keyProvision: Command = {
  summary: "make the agent's keys, mailbox and phone number",
  usage: `usage: key-provision [options]

Makes what the file of settings does not have yet, and writes it there, for its owner only. Run it as often as you like, and
again after an interruption: it finds by name what it has made and makes nothing twice. It prints no secret.

always                      instance id, instance secret, state key
OPENROUTER_MANAGEMENT_KEY   a model key with a limit; or give a key of your own as MODEL_KEY
AGENTMAIL_API_KEY           a mailbox convos-<hex>@… and a key that knows only it
TELNYX_API_KEY              a messaging profile that reaches the US only, and a US number. It costs money each month
BANKR_API_KEY               taken as it is

The accounts' keys are read from the environment and are not written down. OPENROUTER_BASE_URL, AGENTMAIL_BASE_URL and
TELNYX_BASE_URL name other servers than the providers' own.

${PROVISION_USAGE}${COMMON_USAGE}`,
  async run(context) {
    const { values, envFile } = parseOptions(context, PROVISION_OPTIONS);
    await provision(context, new EnvFile(envFile), integer("--limit-usd", values["limit-usd"], 1, 10_000));
    return EXIT.ok;
  },
};

/** One thing after the other, each in the file before the next is begun. */
export async function provision(context: Context, file: EnvFile, limitUsd = LIMIT_USD): Promise<void> {
  const settings = readSettings(file, context.env);
  const instanceId = provisionIdentity(file, settings.INSTANCE_ID);
  tell(context, "identity", `instance ${instanceId}`);
  takeGiven(file, settings);

  const openrouter = accountOf(
    "OpenRouter",
    settings,
    "OPENROUTER_MANAGEMENT_KEY",
    "OPENROUTER_BASE_URL",
    DEFAULT_MODEL_URL,
  );
  const { MODEL_KEY, MODEL_KEY_HASH } = file.values;
  const isOwnKey = MODEL_KEY !== undefined && MODEL_KEY_HASH === undefined;
  if (openrouter && !isOwnKey) await provisionModelKey(file, openrouter, instanceId, limitUsd);
  tell(context, "model-key", stateOf(file, "MODEL_KEY", "OPENROUTER_MANAGEMENT_KEY or MODEL_KEY"));

  const agentmail = accountOf(
    "AgentMail",
    settings,
    "AGENTMAIL_API_KEY",
    "AGENTMAIL_BASE_URL",
    "https://api.agentmail.to",
  );
  if (agentmail) await provisionMail(file, agentmail, instanceId);
  tell(
    context,
    "mailbox",
    file.values.AGENTMAIL_INBOX ?? stateOf(file, "AGENTMAIL_INBOX", "AGENTMAIL_API_KEY"),
  );

  const telnyx = accountOf(
    "Telnyx",
    settings,
    "TELNYX_API_KEY",
    "TELNYX_BASE_URL",
    "https://api.telnyx.com/v2",
  );
  if (telnyx) await provisionNumber(file, telnyx, instanceId);
  tell(
    context,
    "number",
    file.values.TELNYX_PHONE_NUMBER ?? stateOf(file, "TELNYX_PHONE_NUMBER", "TELNYX_API_KEY"),
  );
  tell(context, "wallet", stateOf(file, "BANKR_API_KEY", "BANKR_API_KEY"));
}

/** Keys that somebody else has made. */
function takeGiven(file: EnvFile, { MODEL_KEY, BANKR_API_KEY }: Settings): void {
  const present = file.values;
  if (MODEL_KEY !== present.MODEL_KEY && present.MODEL_KEY_HASH !== undefined)
    throw new CommandError(`${file.path} has a model key that was made for this agent`, {
      hint: "To use your own, delete that key at OpenRouter and take MODEL_KEY and MODEL_KEY_HASH out of the file.",
    });
  if (MODEL_KEY !== present.MODEL_KEY) file.set({ MODEL_KEY });
  if (BANKR_API_KEY !== present.BANKR_API_KEY) file.set({ BANKR_API_KEY });
}

function accountOf(
  provider: string,
  settings: Settings,
  keyName: string,
  urlName: string,
  realUrl: string,
): Account | undefined {
  const key = settings[keyName];
  return key === undefined ? undefined : { provider, key, baseUrl: settings[urlName] ?? realUrl };
}

const stateOf = (file: EnvFile, name: string, needed: string): string =>
  file.values[name] === undefined ? `none: ${needed} is not set` : "there";

const tell = ({ output }: Context, what: string, state: string): void =>
  output.tell({ event: "provisioned", what, state }, `${what.padEnd(10)} ${state}`);
