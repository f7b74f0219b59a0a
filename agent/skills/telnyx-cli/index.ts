import { Type } from "typebox";
import type { Skill, SkillState } from "../kit/skill.ts";
import { defineTool, type ToolCall, type ToolResult } from "../kit/tool.ts";
import { ToolError } from "../kit/tool-error.ts";
import { SMS_LIMITS } from "./limits.ts";
import { listSms } from "./list-sms.ts";
import type { SmsLog } from "./sms-log.ts";
import type { SmsPolicy } from "./sms-policy.ts";
import { reasonOf } from "./sms-reasons.ts";
import type { SmsAccess } from "./telnyx.ts";

/** Whether the agent has a phone number, or how it gets one. */
export type NumberState = { state: "ready"; e164: string } | { state: "coming" | "on-demand" | "off" };

export interface TelnyxSkillOptions {
  log: SmsLog;
  /** The same one as the relay of the `telnyx` command has. */
  policy: SmsPolicy;
  /** Undefined while there is no number. */
  access(): Promise<SmsAccess | undefined>;
  number(): Promise<NumberState>;
  /** Has a number made. It costs money each month. */
  requestNumber(): Promise<void>;
}

/** The SDK takes fifteen megabytes, which an agent without a number does without. */
const loadTelnyx = () => import("./telnyx.ts");
const strict = { additionalProperties: false } as const;
const WITHOUT_NUMBER: Readonly<Record<"coming" | "on-demand" | "off", string>> = {
  coming: "The agent's phone number is being made. It takes a minute or two; nothing is sent before.",
  "on-demand": "The agent has no phone number yet. When a person wants one, ask for it with sms_number.",
  off: "This agent gets no phone number here, so it can neither send nor receive text messages.",
};

/** Text messages from and to the agent's own number in the United States. */
export function createTelnyxSkill(options: TelnyxSkillOptions): Skill {
  const { log, policy } = options;

  async function send(wish: { to: string; text: string }, call: ToolCall): Promise<ToolResult> {
    const access = await options.access();
    if (access === undefined) throw new ToolError(describeNumber(await options.number()));
    const { callId, mandate, signal } = call;
    const { sendSms } = await loadTelnyx();
    const result = await policy.send({ ...wish, callId }, mandate, (sms) => sendSms(access, sms, signal));
    const { to, text, outcome } = result;
    if (outcome.state === "refused") throw new ToolError(refusal(outcome));
    if (outcome.state === "unknown")
      return {
        text: `It is not known whether the text to ${to} was sent: there was no answer. Tell the people so. Do not send it again.`,
      };
    return { text: `Sent to ${to} from ${access.number}:\n${text}` };
  }

  async function number(action: "show" | "request", { mandate }: ToolCall): Promise<ToolResult> {
    const before = await options.number();
    if (action === "show" || before.state !== "on-demand") return { text: describeNumber(before) };
    mandate.requirePerson();
    try {
      await options.requestNumber();
    } catch (error) {
      throw new ToolError("The platform does not make a number now. Try again later.", { cause: error });
    }
    return { text: describeNumber(await options.number()) };
  }

  return {
    name: "telnyx-cli",
    tools: [
      defineTool({
        name: "sms_send",
        description:
          "Send a text message (SMS) to a US phone number that a person here has written, or that texted first. About $0.01 a part. The first one to a number says who it is from and how to opt out.",
        parameters: Type.Object(
          {
            to: Type.String({ minLength: 1, maxLength: 40 }),
            text: Type.String({ minLength: 1, maxLength: SMS_LIMITS.textMaxChars }),
          },
          strict,
        ),
        effect: "outside",
        timeoutMs: 2 * SMS_LIMITS.requestTimeoutMs,
        run: send,
      }),
      defineTool({
        name: "sms_list",
        description: "The newest text messages sent and received, and what became of them.",
        parameters: Type.Object(
          { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: SMS_LIMITS.listMax })) },
          strict,
        ),
        effect: "none",
        timeoutMs: 2 * SMS_LIMITS.requestTimeoutMs,
        run: async ({ limit = SMS_LIMITS.listDefault }, { signal }) =>
          listSms(log, await options.access(), limit, signal),
      }),
      defineTool({
        name: "sms_number",
        description: "Show the agent's own phone number, or request one when a person wants it.",
        parameters: Type.Object(
          { action: Type.Union([Type.Literal("show"), Type.Literal("request")]) },
          strict,
        ),
        effect: "own",
        timeoutMs: 2 * SMS_LIMITS.requestTimeoutMs,
        run: ({ action }, call) => number(action, call),
      }),
    ],
    setup: (signal) => prove(options, signal),
  };
}

const refusal = ({ code, retryAfterS }: { code: string | undefined; retryAfterS?: number }): string =>
  retryAfterS === undefined ? reasonOf(code) : `${reasonOf(code)} It asks for ${retryAfterS} seconds.`;

const describeNumber = (number: NumberState): string =>
  number.state === "ready"
    ? `The agent's phone number is ${number.e164}. It sends and receives text messages in the United States.`
    : WITHOUT_NUMBER[number.state];

async function prove(options: TelnyxSkillOptions, signal: AbortSignal): Promise<SkillState> {
  try {
    const number = await options.number();
    if (number.state === "off")
      return {
        state: "off",
        detail: "Agents get no phone number here: there is no Telnyx account, or the pool says so.",
      };
    if (number.state !== "ready") return { state: "ready", detail: WITHOUT_NUMBER[number.state] };
    const access = await options.access();
    if (access !== undefined && (await (await loadTelnyx()).hasNumber(access, signal)))
      return { state: "ready", detail: `Telnyx, from ${access.number}, to the United States.` };
    return { state: "failing", detail: "Telnyx does not know the agent's number." };
  } catch {
    // What failed may name addresses; who runs the agent looks at the platform or at Telnyx either way.
    signal.throwIfAborted();
    return {
      state: "failing",
      detail: "Neither the platform nor Telnyx says anything about the agent's number.",
    };
  }
}
