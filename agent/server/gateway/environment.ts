import { dirname } from "node:path";
import { GATEWAY_TOKEN_VARIABLE, LOOPBACK_TOKEN_VARIABLE } from "../../openclaw/config/gateway-config.ts";
import { AGENT_DIR, type GatewayPaths } from "./paths.ts";

/**
 * The gateway's whole environment, built from nothing. Whatever is in it can be read by the model's shell: two
 * tokens that are good for this start only, one for the gateway's own port, one for chatting and thinking.
 */
export const gatewayEnvironment = (
  paths: GatewayPaths,
  loopback: { url: string; token: string },
  gatewayToken: string,
): Record<string, string> => ({
  PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
  HOME: paths.homeDir,
  TMPDIR: paths.tmpDir,
  LANG: "C.UTF-8",
  TZ: "UTC",
  // Not for openclaw: by it whoever ends this agent finds the gateway and what it started.
  STATE_DIR: dirname(paths.root),
  OPENCLAW_STATE_DIR: paths.stateDir,
  OPENCLAW_CONFIG_PATH: paths.configFile,
  OPENCLAW_NO_RESPAWN: "1",
  OPENCLAW_DISABLE_BONJOUR: "1",
  OPENCLAW_EXEC_SHELL_SNAPSHOT: "0",
  [GATEWAY_TOKEN_VARIABLE]: gatewayToken,
  [LOOPBACK_TOKEN_VARIABLE]: loopback.token,
  // Where the wrapper of the `telnyx` command finds what it wraps.
  TELNYX_AGENT_DIR: AGENT_DIR,
  CONVOS_SKILLS_URL: `${loopback.url}/skills`,
});
