import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { AgentMail } from "agentmail";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { ToolCall } from "../kit/tool.ts";
import { ToolError } from "../kit/tool-error.ts";
import { MAIL_LIMITS } from "./limits.ts";
import type { OpenMailbox } from "./mailbox.ts";
import { sentenceOf, troubleOf } from "./trouble.ts";

/** It is not known whether the mail went out; it must not be sent again. */
export class MaybeSentError extends ToolError {}

/** A new mail, or an answer in the thread of an earlier one. */
export interface Delivery {
  /** Tells apart the mails of one call. */
  part?: string;
  replyTo?: string;
  mail: AgentMail.SendMessageRequest;
}

/** What the SDK calls a success may be half an answer. */
const Sent = Type.Object({ messageId: Type.String({ minLength: 1 }), threadId: Type.String() });

const MAYBE =
  "It is not known whether the mail went out, because the mail service did not answer clearly. It is not sent again; tell the person, and look at the mails with the label sent.";
const REPEATED =
  "This mail has been handed over already, and is not sent again; look at the mails with the label sent.";

/**
 * Hands a mail over once, however often the same call is repeated. Throws MaybeSentError when it may have gone out, and
 * another ToolError when it has certainly not.
 */
export async function deliver(
  box: OpenMailbox,
  call: Pick<ToolCall, "callId" | "signal">,
  { part = "", replyTo, mail }: Delivery,
): Promise<AgentMail.SendMessageResponse> {
  if (Buffer.byteLength(JSON.stringify(mail)) > MAIL_LIMITS.requestMaxBytes)
    throw new ToolError("The mail with its attachments is too large. All together may have about 4 MB.");
  const options = {
    idempotencyKey: createHash("sha256")
      .update(JSON.stringify([box.address, call.callId, part]))
      .digest("hex"),
    abortSignal: call.signal,
  };
  const { messages } = box.sdk.inboxes;
  const send = (): Promise<AgentMail.SendMessageResponse> => {
    if (replyTo === undefined) return messages.send(box.address, mail, options);
    const { subject, ...reply } = mail;
    return messages.reply(box.address, replyTo, reply, options);
  };
  for (const waitMs of [...MAIL_LIMITS.settleWaitsMs, undefined]) {
    call.signal.throwIfAborted();
    try {
      const sent = await send();
      if (!Value.Check(Sent, sent)) throw new MaybeSentError(MAYBE);
      return sent;
    } catch (error) {
      if (error instanceof MaybeSentError) throw error;
      const trouble = troubleOf(error);
      if (trouble.kind === "unknown") throw new MaybeSentError(MAYBE, { cause: error });
      if (trouble.kind === "repeated") throw new MaybeSentError(REPEATED, { cause: error });
      if (trouble.kind !== "absent")
        throw new ToolError(`Nothing was sent. ${sentenceOf(trouble)}`, { cause: error });
      // A mailbox that was made just now is unknown to the sending part of the provider for some seconds.
      if (waitMs !== undefined) await wait(waitMs, undefined, { signal: call.signal });
    }
  }
  throw new ToolError("Nothing was sent. The mailbox is not ready to send yet; try again in a minute.");
}
