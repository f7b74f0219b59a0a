import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { explodeActivities } from "../../../activities/explode-activities.ts";
import type { Database } from "../../../activities/registry/database.ts";
import { fence } from "../../../activities/registry/end.ts";
import { intend } from "../../../activities/registry/ledger.ts";
import type { Fault } from "../../local/doubles/base/faults.ts";
import { eventually } from "../eventually.ts";
import { PATIENCE_MS, type ProviderWorld, startProviderWorld } from "./providers.ts";
import { Scene } from "./scene.ts";
import { BALANCE, SUBJECTS, type Subject } from "./subjects.ts";

let world: ProviderWorld;
beforeAll(async () => {
  world = await startProviderWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});
afterEach(() => {
  const { openrouter, agentmail, telnyx, bankr } = world.doubles;
  for (const { faults } of [openrouter, agentmail, telnyx, bankr]) faults.clear();
});

const SLOW: Fault = { kind: "latency", ms: 300 };
const SLOWER: Fault = { kind: "latency", ms: 550 };
const TOO_SLOW: Fault = { kind: "latency", ms: 2 * PATIENCE_MS };
const FAILURES: readonly [string, Fault][] = [
  ["500", { kind: "status", status: 500 }],
  ["a broken connection", { kind: "reset" }],
  ["no answer", { kind: "hang" }],
  ["429", { kind: "429", retryAfterSeconds: 0 }],
  ["a proxy's page", { kind: "html" }],
  ["half an answer", { kind: "truncatedJson" }],
];
/** Nothing handles it: whatever would come afterwards does not happen, as in a process that is gone. */
class Killed extends Error {}

/** The same database, in which no transaction begins any more once it is lost. */
const losing = (db: Database, isLost: () => boolean): Database =>
  new Proxy(db, {
    get(target, property) {
      if (property === "transaction" && isLost()) throw new Error("the database is lost");
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

interface Cell {
  title: string;
  run(scene: Scene): Promise<unknown>;
}

/** Each leaves the making in some condition; afterwards it is tried until it succeeds. */
const MAKING: readonly Cell[] = [
  ...FAILURES.flatMap(([title, fault]): Cell[] => [
    {
      title: `fails: ${title}`,
      run: async (scene) => scene.arm(scene.subject.makes, fault, "before"),
    },
    {
      title: `fails after the effect: ${title}`,
      run: async (scene) => scene.arm(scene.subject.makes, fault, "after"),
    },
  ]),
  {
    title: "fails, and the next time after the effect",
    async run(scene) {
      for (const position of ["before", "after"] as const)
        scene.arm(scene.subject.makes, { kind: "reset" }, position);
    },
  },
  { title: "is slow", run: async (scene) => scene.arm(scene.subject.makes, SLOW, "before") },
  {
    title: "is slower than anybody waits",
    run: async (scene) => scene.arm(scene.subject.makes, TOO_SLOW, "before"),
  },
  { title: "runs twice", run: (scene) => scene.ensure() },
  {
    title: "runs twice at once",
    async run(scene) {
      scene.arm(scene.subject.makes, SLOW, "before", 2);
      await Promise.allSettled([scene.ensure(), scene.ensure()]);
    },
  },
  {
    title: "runs again while the first waits for its answer",
    async run(scene) {
      scene.arm(scene.subject.makes, SLOW, "after");
      const first = scene.ensure();
      await eventually("the provider has made it", () => scene.present.length > 0);
      await Promise.allSettled([first, scene.ensure()]);
    },
  },
  {
    title: "runs again while the first waits for its answer, and ends after it",
    async run(scene) {
      scene.arm(scene.subject.makes, SLOW, "after");
      scene.arm(scene.subject.makes, SLOWER, "after");
      const first = scene.ensure();
      await eventually("the provider has made it", () => scene.present.length > 0);
      await Promise.allSettled([first, scene.ensure()]);
    },
  },
  {
    title: "is killed before the provider is asked",
    run: ({ deps, id, subject }) => intend(deps.registry, id, subject.provider, subject.kind),
  },
  {
    title: "is killed between the effect and the ledger",
    async run(scene) {
      const create: typeof scene.kind.create = async (owner) => {
        await scene.kind.create(owner);
        throw new Killed();
      };
      await expect(scene.ensure(scene.with({ create }))).rejects.toBeInstanceOf(Killed);
    },
  },
  {
    title: "loses the database between the effect and the ledger",
    async run(scene) {
      let isLost = false;
      const create: typeof scene.kind.create = async (owner) => {
        const created = await scene.kind.create(owner);
        isLost = true;
        return created;
      };
      const deps = scene.with({ create });
      const registry = { ...deps.registry, db: losing(deps.registry.db, () => isLost) };
      await expect(scene.ensure({ ...deps, registry })).rejects.toThrow("the database is lost");
    },
  },
];

/** Each does something to the end of a resource that is there; afterwards it is ended until that succeeds. */
const UNMAKING: readonly Cell[] = [
  ...FAILURES.flatMap(([title, fault]): Cell[] => [
    {
      title: `fails: ${title}`,
      run: async (scene) => scene.arm(scene.subject.unmakes, fault, "before"),
    },
    {
      title: `fails after the effect: ${title}`,
      run: async (scene) => scene.arm(scene.subject.unmakes, fault, "after"),
    },
  ]),
  {
    title: "is slow",
    run: async (scene) => scene.arm(scene.subject.unmakes, SLOW, "before"),
  },
  {
    title: "is slower than anybody waits",
    run: async (scene) => scene.arm(scene.subject.unmakes, TOO_SLOW, "before"),
  },
  {
    title: "is refused the credential, which proves nothing",
    async run(scene) {
      const before = scene.present;
      const denied: Fault = { kind: "status", status: 401 };
      for (const method of ["GET", "POST", "DELETE"]) scene.arm({ method }, denied, "before");
      await expect(scene.release()).rejects.toMatchObject({ code: "denied" });
      scene.subject.faults(scene.world.doubles).clear();
      expect(scene.present).toEqual(before);
      expect((await scene.entry()).state).toBe("releasing");
    },
  },
  {
    title: "runs twice",
    async run(scene) {
      await scene.release();
      await scene.release();
    },
  },
  {
    title: "runs twice at once",
    async run(scene) {
      scene.arm(scene.subject.unmakes, SLOW, "before", 2);
      await Promise.allSettled([scene.release(), scene.release()]);
    },
  },
  {
    title: "is killed between the effect and the ledger",
    async run(scene) {
      const remove: typeof scene.kind.remove = async (externalId, owner) => {
        await scene.kind.remove(externalId, owner);
        throw new Killed();
      };
      await expect(scene.release(scene.with({ remove }))).rejects.toBeInstanceOf(Killed);
    },
  },
  {
    title: "is over already at the provider",
    async run(scene) {
      const { externalId } = await scene.entry();
      const { name, id: instanceId } = scene;
      await scene.kind.remove(externalId ?? "", { name, instanceId, siblings: new Map() });
    },
  },
  {
    title: "comes after its rights were revoked twice",
    async run(scene) {
      const { revokeRights } = explodeActivities(scene.deps);
      await revokeRights(scene.id);
      await revokeRights(scene.id);
    },
  },
];

/** Each lets the end come while the making is under way or in doubt. */
const CROSSING: readonly Cell[] = [
  ...FAILURES.map(
    ([title, fault]): Cell => ({
      title: `made, and nobody was told: ${title}`,
      async run(scene) {
        scene.arm(scene.subject.makes, fault, "after");
        await expect(scene.ensure()).rejects.toThrow();
      },
    }),
  ),
  {
    title: "the fence comes while the provider makes it",
    async run(scene) {
      scene.arm(scene.subject.makes, SLOW, "after");
      const making = scene.ensure();
      await eventually("the provider has made it", () => scene.present.length > 0);
      await fence(scene.deps.registry, scene.id, "operator");
      await Promise.allSettled([making]);
    },
  },
  {
    title: "its end runs while the provider makes it",
    async run(scene) {
      scene.arm(scene.subject.makes, SLOW, "after");
      const making = scene.ensure();
      await eventually("the provider has made it", () => scene.present.length > 0);
      await fence(scene.deps.registry, scene.id, "operator");
      await Promise.allSettled([making, scene.release()]);
    },
  },
];

describe.each(SUBJECTS)("$title", (subject: Subject) => {
  it.each(MAKING)("is one in the end, and none after its end, when making it $title", async ({ run }) => {
    const scene = await Scene.open(world, subject);
    await run(scene);
    await scene.ensureUntilQuiet();
    await scene.expectOne();
    await scene.end();
    await scene.expectNone();
  });

  it.each(CROSSING)("leaves nothing when its instance ends in the middle: $title", async ({ run }) => {
    const scene = await Scene.open(world, subject);
    await run(scene);
    await scene.end();
    await scene.expectNone();
  });
});

describe.each([...SUBJECTS, BALANCE])("$title", (subject: Subject) => {
  it.each(UNMAKING)("is gone in the end when its end $title", async ({ run }) => {
    const scene = await Scene.open(world, subject);
    for (const kind of [subject.kind, ...subject.after]) await scene.ensure(scene.deps, kind);
    await run(scene);
    await scene.end();
    await scene.expectNone();
  });
});
