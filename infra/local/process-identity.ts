import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A pid alone may have been given to another process since; together with its start time it names one process. */
export type ProcessIdentity = { readonly pid: number; readonly startTime: string };

/** Undefined when no such process exists (a zombie, which only waits to be reaped, counts as gone). */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const startTime = process.platform === "linux" ? await fromProc(pid) : await fromPs(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  return (await identify(identity.pid))?.startTime === identity.startTime;
}

export async function ownIdentity(): Promise<ProcessIdentity> {
  const own = await identify(process.pid);
  if (!own) throw new Error("cannot read this process's own start time");
  return own;
}

/** `/proc/<pid>/stat`: the command in parentheses may hold anything, the 22nd field is the start in clock ticks. */
async function fromProc(pid: number): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : fields[19];
}

async function fromPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { env: { LC_ALL: "C" } });
    const text = stdout.trim();
    return text === "" || text.startsWith("Z") ? undefined : text.replace(/^\S+\s+/, "");
  } catch (error) {
    // `ps` ends with 1 when no such process exists.
    if (error instanceof Error && "code" in error && error.code === 1) return undefined;
    throw error;
  }
}
