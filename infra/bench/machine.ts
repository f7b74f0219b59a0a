import { readdir, readFile } from "node:fs/promises";
import { cpus, loadavg, platform, release, totalmem } from "node:os";

export function describeMachine(): string {
  const [cpu] = cpus();
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpu?.model.trim() ?? "unknown"}, ${memoryGib} GiB, ${platform()} ${release()}, Node ${process.version}`;
}

export const loadAverage = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100;

/** Resident memory in MiB of a process and all its descendants. Linux only. */
export async function residentMib(pid: number): Promise<number> {
  const parents = new Map<number, number>();
  for (const entry of await readdir("/proc")) {
    const child = Number(entry);
    if (!Number.isInteger(child)) continue;
    const stat = await readProc(child, "stat");
    const parent = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
    if (parent) parents.set(child, Number(parent));
  }
  let totalKib = 0;
  for (const candidate of parents.keys()) {
    if (!descends(candidate, pid, parents)) continue;
    const status = await readProc(candidate, "status");
    totalKib += Number(/^VmRSS:\s+(\d+)/m.exec(status ?? "")?.[1] ?? 0);
  }
  return Math.round(totalKib / 1024);
}

function descends(pid: number, ancestor: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at))
    if (at === ancestor) return true;
  return false;
}

/** Undefined when the process has ended meanwhile. */
async function readProc(pid: number, file: "stat" | "status"): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH"))
      return undefined;
    throw error;
  }
}
