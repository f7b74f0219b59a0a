import { readFile } from "node:fs/promises";

interface Running {
  /** The guardian that it runs under; undefined for an external server. */
  readonly pid: number | undefined;
  readonly exited: Promise<string>;
  stop(): Promise<void>;
}

/** Postgres or Temporal, which a test may kill and start again on the same port and data. */
export class KillableServer {
  readonly #command: string;
  readonly #startAgain: () => Promise<Running>;
  #running: Running;
  #pid: number;

  private constructor(command: string, running: Running, pid: number, startAgain: () => Promise<Running>) {
    this.#command = command;
    this.#running = running;
    this.#pid = pid;
    this.#startAgain = startAgain;
  }

  /** `command`: how the name of the server's process begins. */
  static async of(
    command: string,
    running: Running,
    startAgain: () => Promise<Running>,
  ): Promise<KillableServer> {
    return new KillableServer(command, running, await childOf(running.pid, command), startAgain);
  }

  /** Of the server itself, not of its guardian. */
  get pid(): number {
    return this.#pid;
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    process.kill(this.#pid, "SIGKILL");
    await this.#running.exited;
  }

  async start(): Promise<void> {
    this.#running = await this.#startAgain();
    this.#pid = await childOf(this.#running.pid, this.#command);
  }

  async stop(): Promise<void> {
    await this.#running.stop();
  }
}

/** A guardian has one child that is the server. */
async function childOf(pid: number | undefined, command: string): Promise<number> {
  if (pid !== undefined) {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
    for (const child of children.trim().split(" "))
      if ((await readFile(`/proc/${child}/comm`, "utf8")).startsWith(command)) return Number(child);
  }
  throw new Error(`the guardian has no ${command}`);
}
