import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { keepTail } from "../console-tail.ts";
import { gatewayEnvironment } from "../environment.ts";
import { freePort } from "../free-port.ts";
import { type GatewayPaths, gatewayPaths, openclawEntry } from "../paths.ts";
import { prepareGateway } from "../prepare.ts";
import { killAll, noteProcess } from "../processes.ts";
import { waitUntilReady } from "../readiness.ts";
import { GATEWAY_LIMITS, type GatewayOptions } from "../start-gateway.ts";
import type { Advance, Advanced } from "./clock-messages.ts";

const CLOCK = fileURLToPath(new URL("./virtual-clock.ts", import.meta.url));
const CLI_TIMEOUT_MS = 60_000;

export interface ClockedGatewayOptions extends Omit<GatewayOptions, "log" | "gid"> {
  /** Changes the configuration before the gateway starts. */
  alter?: (config: Record<string, unknown>) => void;
}

export interface ClockedGateway {
  readonly paths: GatewayPaths;
  readonly pid: number;
  /** Lets virtual time pass; rejects when the gateway ends meanwhile. */
  advance(byMs: number): Promise<Advanced>;
  /** What openclaw's command prints, run beside the gateway; rejects when it fails. */
  command(...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Starts openclaw as the agent's server does, with a clock that the caller moves on; resolves when it is ready. */
export async function startClockedGateway(options: ClockedGatewayOptions): Promise<ClockedGateway> {
  const { uid, loopbackUrl, modelId, skills } = options;
  const user = uid === undefined ? undefined : { uid, gid: uid };
  const paths = gatewayPaths(options.stateDir);
  const port = await freePort();
  await prepareGateway({ paths, port, loopbackUrl, modelId, skills, user });
  if (options.alter) {
    const config: Record<string, unknown> = JSON.parse(await readFile(paths.configFile, "utf8"));
    options.alter(config);
    await writeFile(paths.configFile, JSON.stringify(config));
  }
  const loopback = { url: loopbackUrl, token: options.loopbackToken };
  const env = gatewayEnvironment(paths, loopback, randomBytes(32).toString("hex"));
  const child = spawn(
    process.execPath,
    [
      `--max-old-space-size=${GATEWAY_LIMITS.heapMaxMb}`,
      openclawEntry(),
      ...["gateway", "run", "--port", String(port), "--bind", "loopback"],
    ],
    {
      cwd: paths.workspaceDir,
      env: { ...env, NODE_OPTIONS: `--import=${CLOCK}` },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
      ...user,
    },
  );
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error("the gateway has no console");
  const tail = keepTail(stdout, stderr);
  const ended = new AbortController();
  child.once("exit", () => ended.abort(new Error(`the gateway ended: ${tail()}`)));
  await once(child, "spawn");
  const { pid } = child;
  if (pid === undefined) throw new Error("the gateway has no process id");
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), GATEWAY_LIMITS.stopGraceMs);
      await exited;
      clearTimeout(timer);
    }
    await killAll(pid, uid);
  };
  try {
    await noteProcess(paths.processFile, pid);
    await waitUntilReady(port, GATEWAY_LIMITS.readyDeadlineMs, ended.signal);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    paths,
    pid,
    advance: (advanceMs) => ask(child, { advanceMs }, ended.signal),
    async command(...args) {
      const { stdout: printed } = await promisify(execFile)(process.execPath, [openclawEntry(), ...args], {
        cwd: paths.workspaceDir,
        env,
        timeout: CLI_TIMEOUT_MS,
        ...user,
      });
      return printed;
    },
    stop,
  };
}

async function ask(child: ChildProcess, request: Advance, signal: AbortSignal): Promise<Advanced> {
  const answer = once(child, "message", { signal });
  child.send(request);
  const [advanced] = await answer.catch((error: unknown) => {
    // Why the gateway ended says more than that nothing is waited for any more.
    throw signal.aborted ? signal.reason : error;
  });
  // Our own module answers with exactly this shape.
  return advanced as Advanced;
}
