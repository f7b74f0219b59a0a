import type { Flow } from "../engine/scheduler.ts";
import type { World } from "../world.ts";
import { change, read } from "./request.ts";

export interface Thing {
  id: string;
  name: string;
  /** As the ledger calls it. */
  place: string;
}

const DELETES_SLOWLY = 0.08;
const SLOWEST_MS = 15_000;

/** A provider of one kind of thing: it does not make names unique and does not always say what it did. */
export class ProviderModel {
  readonly things = new Map<string, Thing>();
  awayUntilMs = 0;
  /** Said to be deleted, and still there for a while. */
  readonly #going = new Set<string>();
  readonly #world: World;
  readonly #kind: string;

  constructor(world: World, kind: string) {
    this.#world = world;
    this.#kind = kind;
  }

  list(name: string): Flow<Thing[]> {
    return read(this.#world, this.awayUntilMs, () =>
      [...this.things.values()].filter((thing) => thing.name === name),
    );
  }

  create(name: string): Flow<Thing> {
    return change(this.#world, this.awayUntilMs, () => {
      const thing = { id: this.#world.newId("x"), name, place: `${this.#kind}/${name}` };
      this.things.set(thing.id, thing);
      this.#world.note(`${thing.place} made as ${thing.id}`);
      return thing;
    });
  }

  /** Absent already is a success. */
  delete(id: string): Flow<void> {
    return change(this.#world, this.awayUntilMs, () => {
      const { scheduler, random } = this.#world;
      if (this.#going.has(id)) return;
      if (!this.#world.strikes(DELETES_SLOWLY)) {
        this.things.delete(id);
        return;
      }
      this.#going.add(id);
      scheduler.later("a provider, slowly", random.between(1_000, SLOWEST_MS), () => this.things.delete(id));
    });
  }
}
