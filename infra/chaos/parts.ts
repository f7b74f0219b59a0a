import { setTimeout as delay } from "node:timers/promises";
import type { ProgramName, ServerName, TestPlatform } from "../testing/platform.ts";

/** Everything that is killed, in the order in which it is started: each needs those before it. */
export const PARTS = ["postgres", "temporal", "workers", "claims", "gateway"] as const satisfies readonly (
  | ServerName
  | ProgramName
)[];
export type Part = (typeof PARTS)[number];

const RESTART_MS = 500;
const START_PATIENCE_MS = 120_000;

type Program = Exclude<Part, ServerName>;
const isServer = (part: Part): part is Exclude<Part, Program> => part === "postgres" || part === "temporal";

/** Keeps the parts of a platform running, as an init system would, except while they are killed on purpose. */
export class Parts {
  readonly #platform: TestPlatform;
  readonly #down = new Set<Part>();
  readonly #restarting = new Map<Part, Promise<void>>();
  #isOver = false;
  /** How often a program ended that nobody had killed. */
  readonly endedByThemselves = new Map<Part, number>();

  constructor(platform: TestPlatform) {
    this.#platform = platform;
  }

  /** The first start of the programs, where a failure is one. */
  async begin(): Promise<void> {
    for (const program of ["workers", "claims", "gateway"] as const) await this.#run(program);
  }

  async start(part: Part): Promise<void> {
    const giveUpAt = performance.now() + START_PATIENCE_MS;
    for (;;) {
      try {
        if (isServer(part)) await this.#platform.servers[part].start();
        else await this.#run(part);
        this.#down.delete(part);
        return;
      } catch (error) {
        // What it needs may not be up again yet.
        if (performance.now() > giveUpAt) throw error;
        await delay(RESTART_MS);
      }
    }
  }

  async kill(part: Part): Promise<void> {
    await this.#restarting.get(part);
    this.#down.add(part);
    await (isServer(part) ? this.#platform.servers[part].kill() : this.#platform.kill(part));
  }

  /** From here on a program that ends stays as it is. */
  async settle(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#restarting.values());
  }

  async #run(program: Program): Promise<void> {
    await this.#platform.run(program);
    const { exited } = this.#platform.program(program);
    void exited.then(() => {
      if (this.#isOver || this.#down.has(program)) return;
      this.endedByThemselves.set(program, (this.endedByThemselves.get(program) ?? 0) + 1);
      this.#restarting.set(program, this.start(program));
    });
  }
}
