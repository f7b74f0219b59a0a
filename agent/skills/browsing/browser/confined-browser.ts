import { type ChildProcess, spawn } from "node:child_process";
import { lchown, mkdtemp, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { type Browser, connect } from "puppeteer-core";
import { createSandbox, type Sandbox } from "../../kit/sandbox.ts";
import { BROWSING_LIMITS } from "../limits.ts";
import { browserFlags } from "./flags.ts";
import { createPipeTransport } from "./pipe-transport.ts";
import { groupEnds, groupMemoryBytes, killGroup } from "./process-group.ts";

/** Who the browser runs as when the server is root and has nobody else for it: `nobody`. */
const NOBODY = 65_534;
const CLOSE_TIMEOUT_MS = 2_000;
const KILL_TIMEOUT_MS = 5_000;
/** No answer is waited for, so it only must not be the id of another message. */
const CLOSE_MESSAGE_ID = 0x7fff_ffff;
const REMOVE_TIMEOUT_MS = 30_000;

/** Under whom the browser runs, and where it keeps what it needs. */
export interface BrowserUser {
  uid: number | undefined;
  gid: number | undefined;
  /** This user can get there. */
  tmpDir: string;
}

/** Never root: the server's own user, unless that is root. */
export function browserUser(given: {
  uid?: number | undefined;
  gid?: number | undefined;
  tmpDir: string;
}): BrowserUser {
  const isRoot = process.getuid?.() === 0;
  if (given.uid !== undefined || !isRoot) return { uid: given.uid, gid: given.gid, tmpDir: given.tmpDir };
  return { uid: NOBODY, gid: NOBODY, tmpDir: tmpdir() };
}

/** A folder of that user's own. */
export async function makeOwnDir({ uid, gid, tmpDir }: BrowserUser): Promise<string> {
  const dir = await mkdtemp(join(tmpDir, "browser-"));
  if (uid !== undefined) await lchown(dir, uid, gid ?? uid);
  return dir;
}

/** Removes it as that user, who could have put anything in there, links included. */
export async function removeOwnDir(user: BrowserUser, dir: string): Promise<void> {
  if (user.uid === undefined) return rm(dir, { recursive: true, force: true, maxRetries: 5 });
  const signal = AbortSignal.timeout(REMOVE_TIMEOUT_MS);
  await sandboxOf(user, dir).exec(["/bin/sh", "-c", 'cd / && exec rm -rf -- "$0"/* "$0"/.[!.]*', dir], {
    signal,
  });
  await rmdir(dir);
}

export const sandboxOf = (user: BrowserUser, dir: string): Sandbox =>
  createSandbox({ uid: user.uid, gid: user.gid, dir, tmpDir: dir });

export interface LaunchOptions {
  user: BrowserUser;
  path: string;
  env: Readonly<Record<string, string>>;
  /** Of `makeOwnDir`. */
  dir: string;
  proxyPort: number;
  isSandboxed: boolean;
  memoryMaxBytes: number;
  signal: AbortSignal;
}

export type BrowserEnd = "memory" | "message" | "crash";

export interface ConfinedBrowser {
  browser: Browser;
  /** Why it has ended; undefined while it runs. */
  end(): BrowserEnd | undefined;
  /** Aborts when it ends. */
  ended: AbortSignal;
  memoryBytes(): Promise<number>;
  /** Ends it with all its processes. Throws when that is not possible. */
  stop(): Promise<void>;
}

/** Starts Chromium in a process group of its own. Throws when it does not answer in time. */
export async function launchBrowser(options: LaunchOptions): Promise<ConfinedBrowser> {
  options.signal.throwIfAborted();
  const child = start(options);
  const group = child.pid;
  // It could not be started at all; the reason arrives as an event.
  if (group === undefined) throw new Error("the browser cannot be started");
  const ended = new AbortController();
  let end: BrowserEnd | undefined;
  const kill = (why: BrowserEnd): void => {
    end ??= why;
    killGroup(group);
  };
  const [, , , to, from] = child.stdio;
  if (!(to instanceof Writable) || !(from instanceof Readable)) throw new Error("the browser has no pipes");
  const transport = createPipeTransport(to, from, BROWSING_LIMITS.messageMaxBytes, () => kill("message"));
  // Whichever is seen first: nothing that fails from now on is the fault of a page.
  const onEnd = (): void => {
    end ??= "crash";
    clearInterval(watch);
    ended.abort(new Error("the browser has ended"));
    transport.close();
  };
  child.once("exit", onEnd);
  from.once("close", onEnd);
  const watch = setInterval(() => {
    void groupMemoryBytes(group).then((bytes) => {
      if (bytes > options.memoryMaxBytes) kill("memory");
    });
  }, BROWSING_LIMITS.memoryCheckMs);
  watch.unref();

  const stop = async (): Promise<void> => {
    clearInterval(watch);
    // Asked to, it takes note of how its own processes end; killed, it leaves that to the system's first process.
    if (end === undefined) transport.send(JSON.stringify({ id: CLOSE_MESSAGE_ID, method: "Browser.close" }));
    if (end !== undefined || !(await groupEnds(group, CLOSE_TIMEOUT_MS))) killGroup(group);
    transport.close();
    if (!(await groupEnds(group, KILL_TIMEOUT_MS))) throw new Error("the browser does not end");
  };
  const overdue = setTimeout(() => kill("crash"), BROWSING_LIMITS.startTimeoutMs);
  const onAbort = (): void => kill("crash");
  options.signal.addEventListener("abort", onAbort, { once: true });
  try {
    const browser = await connect({
      transport,
      defaultViewport: { width: 1_280, height: 800 },
      protocolTimeout: BROWSING_LIMITS.callTimeoutMs,
    });
    return { browser, end: () => end, ended: ended.signal, memoryBytes: () => groupMemoryBytes(group), stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(overdue);
    options.signal.removeEventListener("abort", onAbort);
  }
}

function start({ user, path, env, dir, proxyPort, isSandboxed }: LaunchOptions): ChildProcess {
  const flags = browserFlags({ profileDir: join(dir, "profile"), proxyPort, isSandboxed });
  // No core dump, which would hold what was on the pages.
  const child = spawn("/bin/sh", ["-c", 'ulimit -c 0 && exec "$@"', "sh", path, ...flags], {
    cwd: dir,
    // Its socket lies in TMPDIR, and the path of a socket may have 107 characters: that of an agent's folder is longer.
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: dir, TMPDIR: ".", LANG: "C.UTF-8", ...env },
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    detached: true,
    ...(user.uid === undefined ? {} : { uid: user.uid }),
    ...(user.gid === undefined ? {} : { gid: user.gid }),
  });
  // Said again by the missing process id.
  child.on("error", () => undefined);
  return child;
}
