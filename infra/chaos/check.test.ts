import { describe, expect, it } from "vitest";
import { type Breach, check } from "./check.ts";
import type { KeyRecord } from "./memory.ts";
import type { World } from "./world.ts";

/** A small run in which nothing is wrong: one agent kept, one exploded, one claim cancelled, one agent idle. */
function scene(): { keys: KeyRecord[]; world: World } {
  const record = (key: string, more: Partial<KeyRecord>): KeyRecord => ({
    key,
    answers: [],
    accepted: new Set(),
    refusedFor: undefined,
    ending: "kept",
    unanswered: false,
    ...more,
  });
  const live = (n: number) => ({ claimId: `claim-${n}`, instanceId: `agent-${n}`, status: "live" as const });
  const instance = (n: number, state: World["instances"][number]["state"]) => ({
    id: `agent-${n}`,
    name: `cv-test-agent-${n}`,
    state,
    endReason: state === "exploded" ? "operator" : null,
    hasReceipt: state === "exploded",
  });
  const resources = [1, 2, 3].flatMap((n) =>
    ["compute", "openrouter"].map((provider) => ({
      provider,
      name: `cv-test-agent-${n}`,
      state: n === 2 ? ("settled" as const) : ("active" as const),
      isAbsent: n === 2,
    })),
  );
  const present = ["cv-test-agent-1", "cv-test-agent-3"];
  return {
    keys: [
      record("kept", { answers: [live(1), live(1)], accepted: new Set(["claim-1"]) }),
      record("exploded", { answers: [live(2)], accepted: new Set(["claim-2"]), ending: "exploded" }),
      record("cancelled", { accepted: new Set(["claim-3"]), ending: "cancelled" }),
    ],
    world: {
      claims: [
        { id: "claim-1", keyHash: "a", state: "live", failureCode: null },
        { id: "claim-2", keyHash: "b", state: "ended", failureCode: null },
        { id: "claim-3", keyHash: "c", state: "cancelled", failureCode: null },
      ],
      instances: [instance(1, "claimed"), instance(2, "exploded"), instance(3, "idle")],
      bindings: [
        { instanceId: "agent-1", claimId: "claim-1", state: "active" },
        { instanceId: "agent-2", claimId: "claim-2", state: "ended" },
      ],
      resources,
      inventory: { compute: [...present], openrouter: [...present] },
      plannedAboveLimit: [],
      maxima: { starting: 2, supply: 4, waiting: 1, looks: 10 },
      bounds: { starting: 2, supply: 4 },
      audit: [],
    },
  };
}

type Scene = ReturnType<typeof scene>;
/** The first of a list of the scene, to be spoilt. */
function first<T>(list: readonly T[]): T {
  const [one] = list;
  if (one === undefined) throw new Error("the scene is empty");
  return one;
}
const [kept, exploded, cancelled] = [0, 1, 2];
const at = <T>(list: readonly T[], index: number): T => first(list.slice(index));

interface Plant {
  breach: Breach;
  what: string;
  spoil(scene: Scene): void;
}

const PLANTS: readonly Plant[] = [
  {
    breach: "double",
    what: "an agent that was given to two keys",
    spoil: ({ keys }) => {
      at(keys, cancelled).answers.push({ claimId: "claim-3", instanceId: "agent-1", status: "live" });
    },
  },
  {
    breach: "double",
    what: "a key that was answered with two agents",
    spoil: ({ keys }) => {
      at(keys, kept).answers.unshift({ claimId: "claim-1", instanceId: "agent-9", status: "live" });
    },
  },
  {
    breach: "double",
    what: "a key with two claims that were served",
    spoil: ({ world }) => {
      world.claims = [...world.claims, { id: "claim-9", keyHash: "b", state: "ended", failureCode: null }];
    },
  },
  {
    breach: "lost",
    what: "a claim that was taken in and is not there",
    spoil: ({ world }) => {
      world.claims = world.claims.filter(({ id }) => id !== "claim-3");
    },
  },
  ...(["waiting", "bound", "pending"] as const).map(
    (state): Plant => ({
      breach: "lost",
      what: `a claim that stays ${state}`,
      spoil: ({ world }) => {
        at(world.claims, cancelled).state = state;
      },
    }),
  ),
  {
    breach: "lost",
    what: "a claim that failed without a reason",
    spoil: ({ world }) => {
      at(world.claims, cancelled).state = "failed";
    },
  },
  {
    breach: "lost",
    what: "a claim that nobody cancelled",
    spoil: ({ keys }) => {
      at(keys, cancelled).ending = "kept";
    },
  },
  {
    breach: "lost",
    what: "a claim that nobody ended",
    spoil: ({ world }) => {
      at(world.claims, kept).state = "ended";
    },
  },
  {
    breach: "lost",
    what: "a caller that never heard of its claim",
    spoil: ({ keys }) => {
      at(keys, cancelled).unanswered = true;
    },
  },
  {
    breach: "lost",
    what: "a live claim that nobody was told of",
    spoil: ({ world }) => {
      world.claims = [...world.claims, { id: "claim-9", keyHash: "z", state: "live", failureCode: null }];
    },
  },
  {
    breach: "lost",
    what: "an answered agent that was taken away",
    spoil: ({ world }) => {
      at(world.instances, kept).state = "quarantined";
    },
  },
  {
    breach: "lost",
    what: "an answered agent that does not run",
    spoil: ({ world }) => {
      world.inventory = { ...world.inventory, compute: ["cv-test-agent-3"] };
    },
  },
  {
    breach: "lost",
    what: "an answered agent that is bound to another claim",
    spoil: ({ world }) => {
      at(world.bindings, kept).claimId = "claim-3";
    },
  },
  {
    breach: "lost",
    what: "an agent that does not come to its end",
    spoil: ({ world }) => {
      at(world.instances, exploded).state = "exploding";
    },
  },
  {
    breach: "lost",
    what: "an end for a reason that nobody gave",
    spoil: ({ world }) => {
      at(world.instances, exploded).endReason = "idle-lost";
    },
  },
  {
    breach: "lost",
    what: "an end without a receipt",
    spoil: ({ world }) => {
      at(world.instances, exploded).hasReceipt = false;
    },
  },
  {
    breach: "leak",
    what: "an agent that the ledger does not know",
    spoil: ({ world }) => {
      world.inventory = { ...world.inventory, compute: [...world.inventory.compute, "cv-test-agent-9"] };
    },
  },
  {
    breach: "leak",
    what: "a key that was made absent",
    spoil: ({ world }) => {
      world.inventory = {
        ...world.inventory,
        openrouter: [...world.inventory.openrouter, "cv-test-agent-2"],
      };
    },
  },
  {
    breach: "leak",
    what: "a second key of the same name",
    spoil: ({ world }) => {
      world.inventory = {
        ...world.inventory,
        openrouter: [...world.inventory.openrouter, "cv-test-agent-1"],
      };
    },
  },
  {
    breach: "leak",
    what: "a key that the ledger has and the provider does not",
    spoil: ({ world }) => {
      world.inventory = { ...world.inventory, openrouter: ["cv-test-agent-1"] };
    },
  },
  {
    breach: "leak",
    what: "a resource that is neither there nor gone",
    spoil: ({ world }) => {
      at(world.resources, 2).state = "releasing";
    },
  },
  {
    breach: "leak",
    what: "an instance in quarantine",
    spoil: ({ world }) => {
      at(world.instances, 2).state = "quarantined";
    },
  },
  {
    breach: "overshoot",
    what: "a plan above its limit",
    spoil: ({ world }) => {
      world.plannedAboveLimit = ["agent-3"];
    },
  },
  {
    breach: "overshoot",
    what: "more agents than are allowed",
    spoil: ({ world }) => {
      world.maxima.supply = 5;
    },
  },
  {
    breach: "audit",
    what: "what only the audit sees",
    spoil: ({ world }) => {
      world.audit = [{ invariant: "I6", subject: "claim/claim-1", detail: "its history holds a text" }];
    },
  },
];

describe("the checker of a chaos run", () => {
  it("finds nothing where nothing is wrong", () => {
    const { keys, world } = scene();
    expect(check(keys, world)).toEqual([]);
  });

  it.each(PLANTS.map((plant) => ({ ...plant, title: `${plant.breach}: ${plant.what}` })))(
    "finds $title",
    ({ breach, spoil }) => {
      const spoilt = scene();
      spoil(spoilt);
      const breaches = check(spoilt.keys, spoilt.world).map((finding) => finding.breach);
      expect(breaches).toContain(breach);
    },
  );
});
