import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../local/free-port.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const CLI = join(ROOT, "cli", "main.ts");

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
}

/** A stack like that of `npm start`, on free ports and in a folder of its own, both gone in the end. */
export class DemoStack implements AsyncDisposable {
  /** The state folder. */
  readonly state: string;
  readonly #child: ChildProcess;
  readonly #chats: ChildProcess[] = [];

  private constructor(state: string, child: ChildProcess) {
    this.state = state;
    this.#child = child;
  }

  /** Resolves when the stack is up, which takes minutes where a Temporal server is still to be got. */
  static async start(): Promise<DemoStack> {
    const state = await mkdtemp(join(tmpdir(), "convos-demo-"));
    const ports = ["--port", String(await freePort()), "--xmtp-port", String(await freePort())];
    const main = join(ROOT, "infra", "local", "main.ts");
    // By the channel it notices our end, whatever that is, and stops.
    const child = spawn(
      process.execPath,
      [main, "--state", state, "--headless", "--json", "--pool", "1", ...ports],
      { stdio: ["ignore", "pipe", "inherit", "ipc"], cwd: ROOT },
    );
    const stack = new DemoStack(state, child);
    if (!child.stdout) throw new Error("the stack has no standard output");
    const ready = once(createInterface({ input: child.stdout }), "line").then(() => true);
    const ended = once(child, "exit").then(() => false);
    if (await Promise.race([ready, ended])) return stack;
    await stack[Symbol.asyncDispose]();
    throw new Error("the stack did not start; what it printed says why");
  }

  /** Runs a command of the command line to its end. Its standard error is ours. */
  async run(...args: readonly string[]): Promise<Ran> {
    const child = spawn(process.execPath, [CLI, ...args, "--state", this.state], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let stdout = "";
    child.stdout.on("data", (data: Buffer) => {
      stdout += data.toString();
    });
    await once(child, "close");
    return { code: child.exitCode, stdout };
  }

  /** Runs a command that must succeed, and returns the last event that it printed. */
  async ask(...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
    const { code, stdout } = await this.run(...args, "--json");
    const last = stdout.trim().split("\n").at(-1) ?? "";
    if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${last}`);
    return Object(JSON.parse(last));
  }

  /** A chat of its own process, whose standard input is a pipe. */
  openChat(invite: string, name: string): ChildProcess {
    const args = ["chat", invite, "--name", name, "--json", "--state", this.state];
    const chat = spawn(process.execPath, [CLI, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    this.#chats.push(chat);
    return chat;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of [...this.#chats, this.#child]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    }
    await rm(this.state, { recursive: true, force: true });
  }
}
