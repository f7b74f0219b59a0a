import {
  type DecodedMessage,
  isAttachment,
  isMultiRemoteAttachment,
  isRemoteAttachment,
} from "@xmtp/node-sdk";
import { plainLine } from "../talk/plain-name.ts";

const NAMED_MAX = 10;

/**
 * What the agent is told of files that somebody sent; undefined when the message holds none. The agent cannot open them,
 * and is told so, because people expect an answer to a picture as well.
 */
export function describeFiles(message: DecodedMessage): string | undefined {
  const names = fileNames(message);
  if (names === undefined) return undefined;
  const told = names.slice(0, NAMED_MAX).map((name) => plainLine(name) || "a file without a name");
  if (names.length > NAMED_MAX) told.push(`${names.length - NAMED_MAX} more`);
  return `[Files were sent here: ${told.join(", ")}. You cannot open files yet; say so if it matters.]`;
}

function fileNames(message: DecodedMessage): readonly (string | undefined)[] | undefined {
  if (isAttachment(message) || isRemoteAttachment(message)) return [message.content?.filename];
  if (isMultiRemoteAttachment(message)) return message.content?.attachments.map(({ filename }) => filename);
  return undefined;
}
