import { execFile } from "node:child_process";
import { access, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { withFileLock } from "../file-lock.ts";
import { startGuarded, stopOnAbort } from "../guarded-process.ts";

/** The last release whose module `go install` accepts: later ones have `replace` directives. */
export const GO_CLI_VERSION = "1.5.1";
const PACKAGE = `github.com/temporalio/cli/cmd/temporal@v${GO_CLI_VERSION}`;
const BUILD_TIMEOUT_MS = 15 * 60_000;
const KEPT_LINES = 5;

/** Builds the CLI from source (about 3 minutes on two cores, once). Two stacks starting together build it once. */
export async function installWithGo(
  folder: string,
  note: (text: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const goVersion = await promisify(execFile)("go", ["version"]).catch((error: unknown) => {
    throw new Error("go is not installed", { cause: error });
  });
  await mkdir(folder, { recursive: true });
  const program = join(folder, "temporal");
  return withFileLock(join(folder, "temporal.lock"), { waitMs: BUILD_TIMEOUT_MS }, async (waited) => {
    if (!waited || !(await exists(program))) {
      note(`building the Temporal CLI ${GO_CLI_VERSION} from source, once; this takes about 3 minutes`);
      await build(folder, goVersion.stdout.trim(), signal);
    }
    return program;
  });
}

async function build(folder: string, goVersion: string, signal: AbortSignal | undefined): Promise<void> {
  const partial = join(folder, "partial");
  await rm(partial, { recursive: true, force: true });
  const lines: string[] = [];
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
  const compiler = await startGuarded({
    command: "nice",
    args: ["-n", "10", "go", "install", PACKAGE],
    cwd: folder,
    env: { ...env, GOBIN: partial, GOFLAGS: "" },
    stopSignal: "TERM",
    graceS: 5,
    log: (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
    },
  });
  const limit = setTimeout(() => void compiler.stop(), BUILD_TIMEOUT_MS);
  const detach = stopOnAbort(compiler, signal);
  const { code } = await compiler.exited;
  detach();
  clearTimeout(limit);
  if (code !== 0)
    throw new Error(`go install failed (${goVersion}): ${lines.join("; ") || `exit code ${code}`}`);
  await rename(join(partial, "temporal"), join(folder, "temporal"));
  await rm(partial, { recursive: true, force: true });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
