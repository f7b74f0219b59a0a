import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DIRECTORY_MODE } from "./durable-file.ts";

/** Everything an agent keeps is below its state folder; only the tombstone outlives an explosion. */
export interface StatePaths {
  root: string;
  database: string;
  identity: string;
  tombstone: string;
  xmtp: string;
  /** Where files that were sent are looked into; empty in between. */
  files: string;
  /** What the agent shows as its picture, sealed; anybody may fetch it who knows its name. */
  pictures: string;
  /** The home of the model's gateway, of which the server writes only the workspace. */
  gateway: string;
}

export const statePaths = (root: string): StatePaths => ({
  root,
  database: join(root, "agent.db"),
  identity: join(root, "identity.json"),
  tombstone: join(root, "tombstone.json"),
  xmtp: join(root, "xmtp"),
  files: join(root, "files"),
  pictures: join(root, "pictures"),
  gateway: join(root, "gateway"),
});

/** Another user may pass through it to a folder whose name it knows, and read nothing. */
const PASSABLE_MODE = 0o711;

/**
 * Makes the state folder and the one in it where files are looked into. With a user of its own, the gateway and what
 * reads files must be able to pass through to their places.
 */
export function prepareStateDir({ root, files }: StatePaths, hasGatewayUser: boolean): void {
  const mode = hasGatewayUser ? PASSABLE_MODE : DIRECTORY_MODE;
  for (const path of [root, files]) {
    mkdirSync(path, { recursive: true, mode });
    chmodSync(path, mode);
  }
}
