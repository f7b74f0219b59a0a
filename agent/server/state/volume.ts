import { readFileSync } from "node:fs";

const MOUNTS_FILE = "/proc/self/mountinfo";
/** What lives in memory or in a container's own layer. */
const FLEETING = new Set(["tmpfs", "ramfs", "overlay", "aufs", "rootfs"]);

export class VolumeError extends Error {
  override readonly name = "VolumeError";
}

/** Throws a VolumeError when what is written to the folder would be lost with the container. */
export function assertOnVolume(folder: string): void {
  if (!isOnVolume(folder, readFileSync(MOUNTS_FILE, "utf8")))
    throw new VolumeError(`STATE_DIR is not on a volume: mount one at ${folder}`);
}

/**
 * Whether the folder is below a mount of its own that outlives the container. `mounts` is in the form of
 * `/proc/self/mountinfo`, in which a later mount covers an earlier one. Source: proc_pid_mountinfo(5).
 */
export function isOnVolume(folder: string, mounts: string): boolean {
  let nearest = { point: "", type: "" };
  for (const line of mounts.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const point = unescaped(before.split(" ")[4] ?? "");
    const isAbove = point === "/" || folder === point || folder.startsWith(`${point}/`);
    if (point !== "" && isAbove && point.length >= nearest.point.length)
      nearest = { point, type: after.split(" ")[0] ?? "" };
  }
  return nearest.point.length > 1 && !FLEETING.has(nearest.type);
}

/** Blanks and the like are written as three octal digits. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
