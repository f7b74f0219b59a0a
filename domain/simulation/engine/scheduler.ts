import { EventHeap, type Timed } from "./event-heap.ts";

/** What a flow waits for: a time, or a condition within that time. It is resumed with whether the condition held. */
export interface Pause {
  ms: number;
  until?: () => boolean;
}

/** Anything that takes time. What it does between two pauses happens at once, as a transaction does. */
export type Flow<T> = Generator<Pause, T, boolean>;

export function* sleep(ms: number): Flow<void> {
  yield { ms };
}

function* once(act: () => void): Flow<void> {
  yield { ms: 0 };
  act();
}

/** One flow that runs by itself: a workflow, a process, a person. */
export class Task {
  readonly name: string;
  readonly startedMs: number;
  readonly body: Flow<void>;
  readonly children: Task[] = [];
  isOver = false;
  /** How often it was woken. */
  wakes = 0;
  /** The activity that it waits for: this one goes on when a workflow is terminated. */
  inFlight: { body: Flow<unknown>; pause: Pause } | undefined;
  pause: Pause | undefined;
  /** Counts its resumptions; an event of an earlier turn is void. */
  turn = 0;

  constructor(name: string, startedMs: number, body: (self: Task) => Flow<void>) {
    this.name = name;
    this.startedMs = startedMs;
    this.body = body(this);
  }
}

interface Resumption extends Timed {
  task: Task;
  turn: number;
}

/** The virtual clock: time jumps from one event to the next. */
export class Scheduler {
  nowMs = 0;
  readonly #events = new EventHeap<Resumption>();
  #order = 0;

  start(name: string, body: (self: Task) => Flow<void>, afterMs = 0): Task {
    const task = new Task(name, this.nowMs, body);
    this.#resumeIn(task, afterMs);
    return task;
  }

  /** Something that happens once, later. */
  later(name: string, afterMs: number, act: () => void): void {
    this.start(name, () => once(act), afterMs);
  }

  /** It does not run again, whatever it was doing. */
  end(task: Task): void {
    task.isOver = true;
    for (const child of task.children) this.end(child);
  }

  wake(task: Task): void {
    task.wakes += 1;
    if (task.pause?.until?.()) {
      task.turn += 1;
      this.#resumeIn(task, 0);
    }
  }

  /** Runs the next event; answers whose it was, or undefined when nothing is left to happen. */
  step(): Task | undefined {
    while (true) {
      const event = this.#events.pop();
      if (!event) return undefined;
      const { task, turn, atMs } = event;
      if (task.isOver || turn !== task.turn) continue;
      this.nowMs = atMs;
      const held = task.pause?.until?.() ?? false;
      task.pause = undefined;
      task.turn += 1;
      const { done, value } = task.body.next(held);
      if (done) task.isOver = true;
      else {
        task.pause = value;
        this.#resumeIn(task, value.until?.() ? 0 : value.ms);
      }
      return task;
    }
  }

  #resumeIn(task: Task, ms: number): void {
    this.#order += 1;
    this.#events.push({ atMs: this.nowMs + ms, order: this.#order, task, turn: task.turn });
  }
}
