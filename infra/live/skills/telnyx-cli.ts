import { randomBytes } from "node:crypto";
import { createSmsLog } from "../../../agent/server/state/sms-log.ts";
import { createTelnyxSkill } from "../../../agent/skills/telnyx-cli/index.ts";
import { createSmsPolicy } from "../../../agent/skills/telnyx-cli/sms-policy.ts";
import { awaited, match } from "../seen.ts";
import { openState } from "../state.ts";
import { defineSuite, type LiveContext } from "../suite.ts";
import { openTools, type ToolScene } from "../tools.ts";

interface SmsScene extends ToolScene {
  number: string;
  /** Whom the text goes to; undefined: nothing is sent. */
  to: string | undefined;
  words: string;
}

const DELIVERY_TIMEOUT_MS = 120_000;
const missingPhone = ({ config }: LiveContext): string | undefined =>
  config.LIVE_SMS_TO === undefined ? "LIVE_SMS_TO, your own phone in the US" : undefined;

function missing({ config }: LiveContext): string | undefined {
  if (config.TELNYX_API_KEY === undefined) return "TELNYX_API_KEY";
  if (config.TELNYX_PHONE_NUMBER === undefined) return "TELNYX_PHONE_NUMBER, a number of that account";
  return undefined;
}

async function open(context: LiveContext): Promise<SmsScene> {
  const { TELNYX_BASE_URL, TELNYX_API_KEY = "", TELNYX_PHONE_NUMBER: number = "" } = context.config;
  const { LIVE_SMS_TO: to } = context.config;
  const { database, vault } = await openState(context);
  const log = createSmsLog(database, vault);
  const policy = createSmsPolicy({ log, sender: () => "Live Test, an AI assistant" });
  const access = { baseUrl: TELNYX_BASE_URL, token: TELNYX_API_KEY, number };
  const skill = createTelnyxSkill({
    log,
    policy,
    access: async () => access,
    number: async () => ({ state: "ready", e164: number }),
    requestNumber: () => Promise.reject(new Error("a test buys no number")),
  });
  const words = `Live test ${randomBytes(3).toString("hex")}: nothing to do.`;
  return { ...openTools(context, () => skill, to === undefined ? [] : [to]), number, to, words };
}

/** Telnyx' messages, from a number that is there already. */
export const telnyxCli = defineSuite<SmsScene>({
  skill: "telnyx-cli",
  missing,
  open,
  steps: [
    {
      name: "tells its number",
      costUsd: 0,
      run: async ({ use, number }, signal) => {
        const told = await use("sms_number", { action: "show" }, signal);
        return match(told, new RegExp(number.replace("+", "\\+")), "it is the number");
      },
    },
    {
      name: "sends a text, which says who it is from and how to opt out",
      costUsd: 0.03,
      missing: missingPhone,
      run: async ({ use, to, words }, signal) => {
        const told = await use("sms_send", { to, text: words }, signal);
        match(told, /^Sent to \+1/, "it is sent");
        return match(told, /STOP/, "it says how to opt out");
      },
    },
    {
      name: "hears that it was delivered",
      costUsd: 0,
      missing: missingPhone,
      run: ({ use }, signal) =>
        awaited(
          async () => /to \+1\d+, (delivered)$/m.exec(await use("sms_list", {}, signal))?.[1],
          "the text was not delivered",
          { signal, timeoutMs: DELIVERY_TIMEOUT_MS },
        ),
    },
    {
      name: "does not send the same words again",
      costUsd: 0,
      missing: missingPhone,
      run: async ({ use, to, words }, signal) => {
        const again = await use("sms_send", { to, text: words }, signal).catch(
          (error: Error) => error.message,
        );
        return match(again, /just been sent/, "it is refused");
      },
    },
  ],
});
