import type { AgentMail } from "agentmail";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Sandbox } from "../kit/sandbox.ts";
import { ToolError } from "../kit/tool-error.ts";
import { MAIL_LIMITS } from "./limits.ts";
import { Download } from "./mail-schema.ts";
import type { OpenMailbox } from "./mailbox.ts";
import { ask } from "./trouble.ts";

const Lines = Type.Array(Type.String());
const INVITATION = new URL("./ics/read-invitation-main.ts", import.meta.url);

/** The bytes of an attachment. Throws ToolError when it is too large or does not come. */
export async function download(
  box: OpenMailbox,
  messageId: string,
  attachmentId: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const { messages } = box.sdk.inboxes;
  const { downloadUrl, size } = await ask(Download, () =>
    messages.getAttachment(box.address, messageId, attachmentId, { abortSignal: signal }),
  );
  const tooLarge = new ToolError(`The attachment is larger than ${Math.floor(maxBytes / 1_000)} kB.`);
  if (size > maxBytes) throw tooLarge;
  const timeout = AbortSignal.timeout(MAIL_LIMITS.downloadTimeoutMs);
  try {
    const response = await fetch(downloadUrl, { signal: AbortSignal.any([signal, timeout]) });
    if (!response.ok) throw new Error(`the attachment's address answered ${response.status}`);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw tooLarge;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError("The attachment does not come; try again in a minute.", { cause: error });
  }
}

export const isInvitation = ({ contentType = "", filename = "" }: AgentMail.Attachment): boolean =>
  /^text\/calendar\b/i.test(contentType) || /\.ics$/i.test(filename);

/** What an invitation says, or in one sentence why it cannot be read. */
export async function invitationLines(sandbox: Sandbox, ics: Buffer, signal: AbortSignal): Promise<string[]> {
  try {
    return Value.Parse(Lines, await sandbox.work(INVITATION, { ics: ics.toString("utf8") }, { signal }));
  } catch (error) {
    if (error instanceof ToolError) return [error.message];
    throw error;
  }
}

const MAX_NAME_CHARS = 100;

/** A name for a file of the agent's folder, from one that a stranger chose. */
export function safeName(filename: string | undefined): string {
  const last = (filename ?? "").split(/[/\\]/).at(-1) ?? "";
  const plain = last.replace(/[\p{Cc}\p{Cf}<>:"|?*]+/gu, "_").replace(/^[.\s-]+/, "");
  // The end, because it says of which kind the file is.
  return plain.slice(-MAX_NAME_CHARS) || "attachment";
}
