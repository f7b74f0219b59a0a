import type { AgentAttestation } from "../../../domain/attestation.ts";
import { encryptImage, groupImageKey } from "../../convos/index.ts";
import { download } from "../attachments/download.ts";
import { FileError } from "../attachments/file-error.ts";
import { fileTypeOf } from "../attachments/file-type.ts";
import { requireUsableImage } from "../attachments/image-check.ts";
import { IMAGE_MAX_BYTES } from "../attachments/limits.ts";
import type { AgentConfig } from "../config.ts";
import { PICTURES_PATH } from "../http/picture-route.ts";
import { errorName, type Log } from "../log.ts";
import { retryUntilDone } from "../retry.ts";
import type { ClaimContent, ClaimStore } from "../state/claim-record.ts";
import type { Facts } from "../state/facts.ts";
import { storePicture } from "../state/picture-file.ts";
import { pause } from "../wake.ts";
import type { Chat } from "./chat.ts";
import type { OwnProfile } from "./own-profile.ts";

/** The pauses between attempts at a picture that cannot be had; there are five attempts. */
const RETRY_AFTER_MS = [2_000, 10_000, 60_000, 300_000] as const;
/** Problems that may pass. What else is wrong with a file is wrong with it the next time too. */
const PASSING = new Set<string>(["unreachable", "took-too-long"]);
const IMAGE_KEY_MISSING = "image-key-missing";

export interface PictureOptions extends Pick<AgentConfig, "xmtpEnv" | "fileOrigins"> {
  chat: {
    client: Pick<Chat["client"], "inboxId">;
    group: Parameters<typeof groupImageKey>[0];
  };
  claim: ClaimStore;
  facts: Facts;
  profile: OwnProfile;
  /** Where the sealed picture is stored. */
  folder: string;
  /** What shows the agent as verified, as of now. */
  attestation(): Promise<AgentAttestation | undefined>;
  log: Log;
  signal: AbortSignal;
  retryAfterMs?: readonly number[];
}

/**
 * Fetches the claim's picture, seals it for the members and shows it, once in the agent's life and for as long as that
 * takes. A picture that cannot be had is given up for good. Never rejects: an agent without a picture is an agent.
 */
export async function showPicture(options: PictureOptions): Promise<void> {
  const { log, signal } = options;
  try {
    if (!signal.aborted) await show(options);
  } catch (error) {
    log("picture-failed", { error: errorName(error) });
  }
}

async function show(options: PictureOptions): Promise<void> {
  const { claim, facts, log, signal } = options;
  const content = claim.read()?.content;
  if (content?.profileImage === undefined || facts.get("picture") !== undefined) return;
  if (content.picture === undefined) {
    const problem = await obtain(options, content);
    if (signal.aborted) return;
    if (problem !== undefined) {
      log("picture-given-up", { problem });
      facts.set("picture", "given-up");
      return;
    }
  }
  const send = async (): Promise<void> => {
    await options.profile.send(await options.attestation());
    if (signal.aborted) return;
    facts.set("picture", "shown");
    log("picture-shown");
  };
  await retryUntilDone("show-picture", send, log, signal);
}

/** Stores the sealed picture and notes it with the claim; says why that cannot be done. */
async function obtain(options: PictureOptions, content: ClaimContent): Promise<string | undefined> {
  const { signal, retryAfterMs = RETRY_AFTER_MS } = options;
  const { profileImage, agentUrl } = content;
  if (profileImage === undefined || agentUrl === undefined) return "agent-url-unknown";
  // Clients take pictures over https only.
  if (!agentUrl.startsWith("https://") && options.xmtpEnv !== "local") return "agent-url-not-https";
  for (let attempt = 0; ; attempt += 1) {
    try {
      await store(options, profileImage, agentUrl.replace(/\/+$/, ""));
      return undefined;
    } catch (error) {
      const waitMs = retryAfterMs[attempt];
      const isFinal = error instanceof FileError && !PASSING.has(error.problem);
      if (signal.aborted || isFinal || waitMs === undefined) return codeOf(error);
      await pause(waitMs, signal);
    }
  }
}

async function store(options: PictureOptions, imageUrl: string, agentUrl: string): Promise<void> {
  const { chat, claim, folder, fileOrigins: allowedOrigins, signal } = options;
  const image = await download(imageUrl, { allowedOrigins, maxBytes: IMAGE_MAX_BYTES }, signal);
  const type = fileTypeOf(image, { filename: "", mimeType: "" });
  if (type.kind !== "image") throw new FileError("unknown-type");
  requireUsableImage(image, type.mimeType);
  const groupKey = await groupImageKey(chat.group, chat.client.inboxId);
  if (groupKey === undefined) throw new ImageKeyError();
  const { sealed, salt, nonce } = encryptImage(groupKey, image);
  // From here on nothing waits, so that nothing is written into a state that is being wiped.
  signal.throwIfAborted();
  const id = storePicture(folder, sealed);
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  claim.setPicture({ url: `${agentUrl}${PICTURES_PATH}${id}`, salt: hex(salt), nonce: hex(nonce) });
}

class ImageKeyError extends Error {
  override readonly name = "ImageKeyError";
  constructor() {
    super("the conversation has no image key, and this inbox may not make one");
  }
}

const codeOf = (error: unknown): string => {
  if (error instanceof FileError) return error.problem;
  return error instanceof ImageKeyError ? IMAGE_KEY_MISSING : errorName(error);
};
