import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { exists, type GatewayUser } from "./owned-files.ts";
import type { GatewayPaths } from "./paths.ts";

const SCRIPT = fileURLToPath(new URL("./interrupted-sessions.ts", import.meta.url));
const TIMEOUT_MS = 15_000;

/** Keeps openclaw from continuing by itself what the last stop interrupted. See the script. */
export async function clearInterrupted(paths: GatewayPaths, user: GatewayUser | undefined): Promise<void> {
  const database = join(paths.stateDir, "agents", "main", "agent", "openclaw-agent.sqlite");
  if (!(await exists(database))) return;
  await promisify(execFile)(process.execPath, [SCRIPT, database], {
    cwd: paths.homeDir,
    env: { HOME: paths.homeDir, TMPDIR: paths.tmpDir },
    timeout: TIMEOUT_MS,
    ...user,
  });
}
