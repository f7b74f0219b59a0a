import { startGuarded } from "../local/guarded-process.ts";

const KEPT_LINES = 40;
const STOP_GRACE_S = 1;
// Without peer dependencies, which would bring the SDK's release, whose bindings do not load below glibc 2.38.
const FLAGS = [
  ...["--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", "--loglevel=error"],
  // npm waits five minutes for a registry that has stopped in the middle of an answer.
  ...["--fetch-timeout=60000", "--fetch-retries=5"],
];

/**
 * Installs what the folder's lock file says, into the folder. Rejects with what npm said last when it fails or takes
 * longer than `timeoutMs`. npm ends when this process does.
 */
export async function npmCi(folder: string, timeoutMs: number): Promise<void> {
  // Below `npm test` this names the npm that runs us; otherwise the one on PATH.
  const own = process.env.npm_execpath;
  const [command = "npm", ...before] = own?.endsWith(".js") ? [process.execPath, own] : ["npm"];
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
  const lines: string[] = [];
  const npm = await startGuarded({
    command,
    args: [...before, "ci", "--prefix", folder, ...FLAGS],
    cwd: folder,
    env,
    stopSignal: "TERM",
    graceS: STOP_GRACE_S,
    log: (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
    },
  });
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    void npm.stop();
  }, timeoutMs);
  const { code } = await npm.exited;
  clearTimeout(limit);
  if (code === 0) return;
  const end = isLate ? `took longer than ${timeoutMs} ms` : `failed (${String(code)})`;
  throw new Error(`npm ci of the Convos client ${end}:\n${lines.join("\n")}`);
}
