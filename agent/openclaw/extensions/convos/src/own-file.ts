import { basename } from "node:path";
import { loadWebMedia } from "openclaw/plugin-sdk/web-media";
import type { TurnContent } from "../../../../server/loopback/channel-api.ts";

/** What the server takes; written again because a gateway's copy of this extension has no server beside it. */
export const SENDING_LIMITS = { fileMaxBytes: 1_000_000, nameMaxChars: 128 } as const;

type LoadOptions = Exclude<Parameters<typeof loadWebMedia>[1], number | undefined>;

/** Where openclaw lets a file be read from. */
export type FileAccess = {
  localRoots?: readonly string[] | undefined;
  readFile?: LoadOptions["readFile"] | undefined;
  workspaceDir?: string | undefined;
};

const WEB_ADDRESS = /^[a-z]+:\/\//i;

/**
 * A file of the agent's, as it is sent. Pictures that are too large are made smaller; anything else over the limit
 * rejects with a sentence for the model. Addresses of the web are not fetched: what they hold is not the agent's.
 */
export async function loadOwnFile(path: string, access: FileAccess): Promise<TurnContent> {
  if (WEB_ADDRESS.test(path)) throw new Error("only files of the workspace can be sent, not web addresses");
  const { buffer, contentType, fileName } = await loadWebMedia(path, {
    maxBytes: SENDING_LIMITS.fileMaxBytes,
    ...(access.localRoots === undefined ? {} : { localRoots: access.localRoots }),
    ...(access.readFile === undefined ? {} : { readFile: access.readFile }),
    ...(access.workspaceDir === undefined ? {} : { workspaceDir: access.workspaceDir }),
  });
  if (buffer.length > SENDING_LIMITS.fileMaxBytes)
    throw new Error(
      `the file is larger than ${SENDING_LIMITS.fileMaxBytes} bytes, the most that can be sent`,
    );
  return {
    kind: "file",
    filename: (fileName ?? basename(path)).slice(-SENDING_LIMITS.nameMaxChars),
    mimeType: contentType ?? "application/octet-stream",
    base64: buffer.toString("base64"),
  };
}
