import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Each stack has a thousand user ids of its own between these, so that agents of two stacks cannot meet. */
const FIRST_UID = 20_000;
const RANGES = 40;
const RANGE = 1_000;
const OTHERS_MAY_ENTER = 0o001;

export type AgentUsers =
  /** Each agent's model gateway gets a user of its own, from this id on. */
  | { readonly uidBase: number }
  /** They run as we do, so the agents' shell and host files are off; says why in a sentence. */
  | { readonly uidBase: undefined; readonly reason: string };

/** Decides whether agents can be kept apart from the platform's secrets by users of their own. */
export async function agentUsers(root: string, stateDir: string): Promise<AgentUsers> {
  const off = "so agents run without a shell and host files";
  if (process.getuid?.() !== 0) {
    return { uidBase: undefined, reason: `not started as root, ${off}` };
  }
  for (const path of [root, stateDir]) {
    const closed = await closedFolder(path);
    if (closed) return { uidBase: undefined, reason: `other users cannot enter ${closed}, ${off}` };
  }
  const digest = createHash("sha256").update(stateDir).digest();
  return { uidBase: FIRST_UID + (digest.readUInt16BE(0) % RANGES) * RANGE };
}

/** The first folder on the way up that only its owner may enter. */
async function closedFolder(path: string): Promise<string | undefined> {
  for (let folder = path; ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & OTHERS_MAY_ENTER) === 0) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}
