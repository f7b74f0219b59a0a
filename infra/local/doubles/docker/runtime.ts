/** A container that was started, for whoever runs something in its place. */
export interface ContainerStart {
  id: string;
  name: string;
  image: string;
  env: Readonly<Record<string, string>>;
  /** Folders of this machine by their place in the container. */
  mounts: Readonly<Record<string, string>>;
  /** The process in the container ended by itself. */
  exit(code: number): void;
}

export interface ContainerRun {
  /** Where on 127.0.0.1 it listens; shown as the host port of its first published port. */
  port: number;
  /** Ends it at once, as a kill does. */
  stop(): Promise<void>;
}

/** What runs in a container's place; nothing runs without it. */
export type RunContainer = (start: ContainerStart) => Promise<ContainerRun>;

/** The runs of this process, by container. A run that comes up after its container was ended is ended again. */
export class Runs {
  readonly #runContainer: RunContainer | undefined;
  readonly #current = new Map<string, { port: number | undefined; run: Promise<ContainerRun | undefined> }>();
  readonly #ending = new Set<Promise<void>>();

  constructor(runContainer: RunContainer | undefined) {
    this.#runContainer = runContainer;
  }

  start(start: Omit<ContainerStart, "exit">, exited: (code: number) => void): void {
    const { id } = start;
    const isCurrent = (): boolean => this.#current.get(id) === entry;
    const exit = (code: number): void => {
      if (!isCurrent()) return;
      this.#current.delete(id);
      exited(code);
    };
    const run = Promise.resolve(this.#runContainer?.({ ...start, exit }));
    const entry: { port: number | undefined; run: typeof run } = { port: undefined, run };
    this.#current.set(id, entry);
    run.then(
      (up) => {
        entry.port = up?.port;
      },
      // Its command could not be run; that is all that a daemon knows of it.
      () => exit(127),
    );
  }

  port(id: string): number | undefined {
    return this.#current.get(id)?.port;
  }

  stop(id: string): void {
    const entry = this.#current.get(id);
    if (!entry) return;
    this.#current.delete(id);
    const ending = entry.run.then(
      (run) => run?.stop(),
      // It never came up, so there is nothing to end.
      () => undefined,
    );
    const done = ending.finally(() => this.#ending.delete(done));
    this.#ending.add(done);
  }

  async stopAll(): Promise<void> {
    for (const id of [...this.#current.keys()]) this.stop(id);
    await Promise.all(this.#ending);
  }
}
