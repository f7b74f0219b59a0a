import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GATEWAY_TOKEN_VARIABLE, LOOPBACK_TOKEN_VARIABLE } from "../openclaw/config/gateway-config.ts";
import { openclawEntry } from "../server/gateway/paths.ts";

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

/**
 * Has the installed openclaw judge a configuration by its own schema, in an empty home and without the network. Resolves to
 * undefined when it is valid, else to what is wrong with it.
 */
export async function validateOpenclawConfig(path: string): Promise<string | undefined> {
  const home = await mkdtemp(join(tmpdir(), "openclaw-check-"));
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    OPENCLAW_STATE_DIR: home,
    OPENCLAW_CONFIG_PATH: path,
    OPENCLAW_NO_RESPAWN: "1",
    // It refers to them; any value will do.
    [GATEWAY_TOKEN_VARIABLE]: "a",
    [LOOPBACK_TOKEN_VARIABLE]: "b",
  };
  try {
    return await new Promise((resolve) => {
      const args = [openclawEntry(), "config", "validate", "--json"];
      const options = { env, cwd: home, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
      execFile(process.execPath, args, options, (error, stdout) =>
        resolve(error === null ? undefined : issuesOf(stdout)),
      );
    });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** The paths that it complains about. The values stay out: they are not for a screen. */
function issuesOf(output: string): string {
  const paths = [...output.matchAll(/"path":\s*"([^"]{1,200})"/g)].map(([, path]) => path);
  return paths.length === 0 ? "openclaw does not accept it" : `openclaw does not accept ${paths.join(", ")}`;
}
