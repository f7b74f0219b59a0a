export interface Timed {
  atMs: number;
  /** Decides between events of the same moment: first come, first served. */
  order: number;
}

const isBefore = (one: Timed, other: Timed): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);

/** A binary heap: the earliest event comes out first. */
export class EventHeap<Event extends Timed> {
  readonly #events: Event[] = [];

  push(event: Event): void {
    let at = this.#events.length;
    this.#events.push(event);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#events[above];
      if (!parent || !isBefore(event, parent)) break;
      this.#events[at] = parent;
      at = above;
    }
    this.#events[at] = event;
  }

  pop(): Event | undefined {
    const first = this.#events[0];
    const last = this.#events.pop();
    if (first && last && first !== last) this.#sink(last);
    return first;
  }

  #sink(event: Event): void {
    let at = 0;
    while (true) {
      const left = this.#events[2 * at + 1];
      const right = this.#events[2 * at + 2];
      const child = right && left && isBefore(right, left) ? right : left;
      if (!child || !isBefore(child, event)) break;
      const below = child === left ? 2 * at + 1 : 2 * at + 2;
      this.#events[at] = child;
      at = below;
    }
    this.#events[at] = event;
  }
}
