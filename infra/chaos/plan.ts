import { randomBytes } from "node:crypto";
import { createInvite } from "../../agent/convos/invite/create.ts";
import { seeded } from "../bench/random.ts";

/**
 * steady      one request that waits, repeated when the connection breaks off
 * impatient   never waits; asks again and again
 * doubled     each request twice at once
 * hanging-up  breaks its first requests off in the middle; keeps its agent to the end of the run
 * cancelling  cancels unless it is served at once
 * rejecting   does not want to wait for an agent; gives up after three refusals
 * joining     brings an invite
 * admitted    brings an invite whose owner lets it in a moment later
 * refused     brings an invite that was revoked
 */
export const BEHAVIOURS = [
  "steady",
  "impatient",
  "doubled",
  "hanging-up",
  "cancelling",
  "rejecting",
  "joining",
  "admitted",
  "refused",
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

/** How many of a hundred callers behave so. */
const SHARES: Readonly<Record<Behaviour, number>> = {
  steady: 35,
  impatient: 15,
  doubled: 15,
  "hanging-up": 2,
  cancelling: 10,
  rejecting: 8,
  joining: 8,
  admitted: 5,
  refused: 2,
};
/** Of those who could explode theirs. */
const KEPT_SHARE = 0.02;
const ASKED_AGAIN_SHARE = 0.4;
const HOLD_MS = { min: 50, max: 800 };
const HANG_UP_MS = { min: 2, max: 120 };
const MAX_HANG_UPS = 2;

export interface Plan {
  readonly key: string;
  readonly behaviour: Behaviour;
  readonly body: Readonly<Record<string, unknown>>;
  readonly waitMs: number;
  /** How long the agent is used before it is exploded. */
  readonly holdMs: number;
  readonly isKept: boolean;
  readonly isAskedAgain: boolean;
  /** After how many milliseconds the first requests are broken off. */
  readonly hangUpsMs: readonly number[];
}

/** What the n-th caller of a run does: the same for the same seed, but for the bytes of its invite. */
export function planOf(seed: number, n: number): Plan {
  const random = seeded(seed * 1_000_003 + n);
  const between = ({ min, max }: { min: number; max: number }) => Math.round(min + random() * (max - min));
  const behaviour = pick(random());
  const hangUps = behaviour === "hanging-up" ? 1 + Math.floor(random() * MAX_HANG_UPS) : 0;
  return {
    key: `chaos-${seed}-${n}`,
    behaviour,
    body: {
      instructions: `You are the planner of trip ${n}`,
      ...(behaviour === "rejecting" ? { onEmpty: "reject" } : {}),
      ...joinOf(behaviour),
    },
    waitMs: behaviour === "impatient" || behaviour === "cancelling" ? 0 : 10_000,
    holdMs: between(HOLD_MS),
    isKept: behaviour === "hanging-up" || random() < KEPT_SHARE,
    isAskedAgain: random() < ASKED_AGAIN_SHARE,
    hangUpsMs: Array.from({ length: hangUps }, () => between(HANG_UP_MS)),
  };
}

function pick(drawn: number): Behaviour {
  let left = drawn * Object.values(SHARES).reduce((sum, share) => sum + share, 0);
  for (const behaviour of BEHAVIOURS) {
    left -= SHARES[behaviour];
    if (left < 0) return behaviour;
  }
  return "steady";
}

/** The stand-in agent reads in the link what is to become of its request to join. */
const OUTCOMES: Partial<Record<Behaviour, string>> = {
  joining: "",
  admitted: "&then=pending-joined",
  refused: "&then=invite-revoked",
};

function joinOf(behaviour: Behaviour): { joinUrl?: string } {
  const outcome = OUTCOMES[behaviour];
  if (outcome === undefined) return {};
  const { url } = createInvite({
    privateKey: randomBytes(32),
    inboxId: randomBytes(32).toString("hex"),
    groupId: randomBytes(16).toString("hex"),
    tag: randomBytes(5).toString("hex"),
    env: "local",
  });
  return { joinUrl: url + outcome };
}
