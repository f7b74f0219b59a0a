import { ToolError } from "../../kit/tool-error.ts";
import { BROWSING_LIMITS } from "../limits.ts";
import type { NetworkRules } from "../network/guard.ts";
import { type BrowserEnd, browserUser, makeOwnDir, removeOwnDir, sandboxOf } from "./confined-browser.ts";
import { type Executable, type ExecutableOptions, findExecutable, unpackExecutable } from "./executable.ts";
import { type Session, startSession } from "./session.ts";

export interface KeeperOptions {
  uid?: number | undefined;
  gid?: number | undefined;
  /** The user of the browser can get there and, where the user is not the server's, nobody else writes there. */
  tmpDir: string;
  rules: NetworkRules;
  executable: ExecutableOptions;
  idleMs?: number | undefined;
  memoryMaxBytes?: number | undefined;
}

/** The one browser of an agent: started by the first use, one use at a time, ended when nobody uses it. */
export interface BrowserKeeper {
  find(): Promise<Executable>;
  use<T>(signal: AbortSignal, work: (session: Session) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const ENDS: Readonly<Record<BrowserEnd, string>> = {
  memory: "The page needed too much memory, so the browser was stopped. Nothing of it is left open.",
  message: "The page is far too large, so the browser was stopped. Nothing of it is left open.",
  crash: "The browser crashed. Nothing of it is left open; it starts again with the next use.",
};

export function createBrowserKeeper(options: KeeperOptions): BrowserKeeper {
  const user = browserUser(options);
  const closing = new AbortController();
  let session: Session | undefined;
  let idle: NodeJS.Timeout | undefined;
  let unpacked: { dir: string; path: string; env: Readonly<Record<string, string>> } | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  const program = async (
    signal: AbortSignal,
  ): Promise<{ path: string; env: Readonly<Record<string, string>> }> => {
    const found = await findExecutable(options.executable);
    if (found.origin !== "packaged") return { path: found.path, env: {} };
    if (unpacked === undefined) {
      const dir = await makeOwnDir(user);
      try {
        unpacked = { dir, ...(await unpackExecutable(sandboxOf(user, dir), dir, signal)) };
      } catch (error) {
        await removeOwnDir(user, dir);
        throw error;
      }
    }
    return unpacked;
  };

  const running = async (signal: AbortSignal): Promise<Session> => {
    if (session?.end() !== undefined) await stop();
    session ??= await startSession(
      {
        user,
        rules: options.rules,
        memoryMaxBytes: options.memoryMaxBytes ?? BROWSING_LIMITS.memoryMaxBytes,
        ...(await program(signal)),
      },
      signal,
    );
    return session;
  };

  const stop = async (): Promise<void> => {
    clearTimeout(idle);
    const ended = session;
    session = undefined;
    await ended?.stop();
  };

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work);
    // Its own caller is told; the next in turn does not care.
    queue = turn.catch(() => undefined);
    return turn;
  };

  const stopWhenIdle = (): void => {
    clearTimeout(idle);
    idle = setTimeout(() => {
      // What cannot be ended now is tried again by the next use or by close, which tell.
      void inTurn(stop).catch(() => undefined);
    }, options.idleMs ?? BROWSING_LIMITS.idleMs);
    idle.unref();
  };

  return {
    find: () => findExecutable(options.executable),
    use: (given, work) =>
      inTurn(async () => {
        const signal = AbortSignal.any([given, closing.signal]);
        signal.throwIfAborted();
        clearTimeout(idle);
        const used = await running(signal);
        try {
          return await work(used);
        } catch (error) {
          const end = used.end();
          throw end === undefined || signal.aborted ? error : new ToolError(ENDS[end], { cause: error });
        } finally {
          stopWhenIdle();
        }
      }),
    close: async () => {
      closing.abort(new ToolError("The agent is ending."));
      await inTurn(async () => {
        await stop();
        if (unpacked !== undefined) await removeOwnDir(user, unpacked.dir);
        unpacked = undefined;
      });
    },
  };
}
