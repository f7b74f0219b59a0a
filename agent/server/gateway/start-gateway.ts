import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { clearInterrupted } from "./clear-interrupted.ts";
import { completeInstallation } from "./complete-installation.ts";
import { keepTail } from "./console-tail.ts";
import { gatewayEnvironment } from "./environment.ts";
import { freePort } from "./free-port.ts";
import type { OfferedSkills } from "./offered-skills.ts";
import { gatewayPaths, openclawEntry } from "./paths.ts";
import { prepareGateway } from "./prepare.ts";
import { groupRssBytes, killAll, killLeftover, noteProcess } from "./processes.ts";
import { isReady, waitUntilReady } from "./readiness.ts";

export const GATEWAY_LIMITS = {
  readyDeadlineMs: 180_000,
  /** After SIGTERM; a turn that runs is given up. */
  stopGraceMs: 8_000,
  heapMaxMb: 512,
  semiSpaceMaxMb: 8,
} as const;

/** Uids below belong to people and system services; the gateway's is emptied of processes when it ends. */
export const GATEWAY_UID_MIN = 10_000;

export interface GatewayOptions {
  /** Folder of this agent's gateway alone. With `uid`, the folders above must let that user pass. */
  stateDir: string;
  loopbackUrl: string;
  /** Made for this start of the gateway. */
  loopbackToken: string;
  modelId: string;
  /** Of the claim, once there is one; written into the workspace before the gateway starts. */
  instructions?: string | undefined;
  skills: OfferedSkills;
  /** Needs root. No other agent and nobody else on the machine may use this uid. */
  uid?: number;
  /** `uid` when absent. */
  gid?: number;
  log: (event: string, facts?: Readonly<Record<string, string | number | boolean>>) => void;
}

export interface GatewayExit {
  /** Exit code, or null when a signal ended it. */
  code: number | null;
}

export interface Gateway {
  readonly port: number;
  readonly pid: number;
  /** Settles once: ready for turns, or why it never will be. */
  readonly ready: Promise<void>;
  /** Resolves when the process and everything it started have ended. Never rejects. */
  readonly exited: Promise<GatewayExit>;
  /** Whether it says at this moment that it is ready. */
  answers(): Promise<boolean>;
  /** Memory of the gateway and its children; undefined where the system does not tell. */
  rssBytes(): number | undefined;
  /** Ends it and everything it started, after so long without being asked any more. Safe to repeat. */
  stop(graceMs?: number): Promise<void>;
}

/** Starts openclaw in a process group of its own. Whatever an earlier server left running here is ended first. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { uid, log } = options;
  if (uid !== undefined && uid < GATEWAY_UID_MIN)
    throw new RangeError(`gateway uid below ${GATEWAY_UID_MIN}`);
  const user = uid === undefined ? undefined : { uid, gid: options.gid ?? uid };
  const paths = gatewayPaths(options.stateDir);
  await killLeftover(paths.processFile, uid);
  await completeInstallation();
  const port = await freePort();
  await prepareGateway({
    paths,
    port,
    loopbackUrl: options.loopbackUrl,
    modelId: options.modelId,
    instructions: options.instructions,
    skills: options.skills,
    user,
  });
  await clearInterrupted(paths, user);
  const startedAtMs = Date.now();
  const child = spawn(
    process.execPath,
    [
      `--max-old-space-size=${GATEWAY_LIMITS.heapMaxMb}`,
      `--max-semi-space-size=${GATEWAY_LIMITS.semiSpaceMaxMb}`,
      openclawEntry(),
      ...["gateway", "run", "--port", String(port), "--bind", "loopback"],
    ],
    {
      cwd: paths.workspaceDir,
      env: gatewayEnvironment(
        paths,
        { url: options.loopbackUrl, token: options.loopbackToken },
        randomBytes(32).toString("hex"),
      ),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      ...user,
    },
  );
  const tail = keepTail(child.stdout, child.stderr);
  const ended = new AbortController();
  const exited = new Promise<GatewayExit>((resolve) => {
    child.once("exit", (code) => {
      ended.abort(new Error("the gateway ended before it was ready"));
      clearAway()
        // The folder may be gone by now, and what cannot be ended is tried again by the next start.
        .catch((error: unknown) => log("gateway-not-cleared", { reason: reasonOf(error) }))
        .finally(() => resolve({ code }));
    });
  });
  async function clearAway(): Promise<void> {
    await killAll(child.pid, uid);
    await rm(paths.processFile, { force: true });
    await writeFile(paths.consoleFile, tail(), { mode: 0o600 });
  }
  // Before it has started this rejects the line below; later it says that a signal could not be sent.
  child.on("error", (error) => log("gateway-process-error", { reason: reasonOf(error) }));
  await once(child, "spawn");
  const { pid } = child;
  if (pid === undefined) throw new Error("the gateway has no process id");
  await noteProcess(paths.processFile, pid);

  const ready = waitUntilReady(port, GATEWAY_LIMITS.readyDeadlineMs, ended.signal).then(() => {
    log("gateway-ready", { port, pid, bootMs: Date.now() - startedAtMs });
  });
  // Whoever needs it awaits `ready`; a gateway that is stopped before that must not end the server.
  ready.catch(() => log("gateway-never-ready", { pid }));

  return {
    port,
    pid,
    ready,
    exited,
    answers: () => isReady(port),
    rssBytes: () => groupRssBytes(pid),
    async stop(graceMs = GATEWAY_LIMITS.stopGraceMs) {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/**
 * Ends the gateway in this folder, and everything it started, that an earlier server left running. For a start that
 * wipes the agent's state instead of starting a gateway.
 */
export const endLeftoverGateway = (stateDir: string, uid: number | undefined): Promise<void> =>
  killLeftover(gatewayPaths(stateDir).processFile, uid);

/** A code of the system or a message of ours. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "not-ended";
