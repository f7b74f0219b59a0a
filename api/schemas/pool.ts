import { type Static, Type } from "typebox";
import { ROLLOUT_STRATEGIES } from "../../domain/rollout.ts";
import { Nullable, strict, Time } from "./common.ts";

const count = Type.Integer({ minimum: 0 });

export const PoolCounts = Type.Object(
  {
    idle: count,
    provisioning: count,
    claimed: count,
    quarantined: count,
    exploding: count,
    waiting: Type.Integer({ minimum: 0, description: "Claims in the queue." }),
  },
  strict,
);

export const PoolStatus = Type.Object(
  {
    name: Type.String(),
    target: count,
    surge: count,
    generation: Type.String(),
    pausedReason: Nullable("Why no instance is started; null while the pool works."),
    failuresInARow: count,
    retryAfter: Type.Unsafe<string | null>({ type: ["string", "null"], format: "date-time" }),
    counts: PoolCounts,
    startsPerMinute: Type.Integer({ minimum: 1, description: "At most so many starts of its own." }),
    maxAgeSeconds: Type.Integer({
      minimum: 0,
      description: "After which an idle agent is replaced; 0: never.",
    }),
    stale: Type.Integer({ minimum: 0, description: "Idle agents that are to be replaced." }),
    rollout: Type.Object(
      {
        strategy: Type.String({ enum: [...ROLLOUT_STRATEGIES] }),
        since: Type.Unsafe<string | null>({
          type: ["string", "null"],
          format: "date-time",
          description: "Null when none is under way.",
        }),
      },
      strict,
    ),
    breakers: Type.Array(
      Type.Object(
        {
          kind: Type.String({ enum: ["starts", "claims"], description: "Of what." }),
          code: Type.String({ description: "What failed alike." }),
          openedAt: Time("Since when."),
        },
        strict,
      ),
      { description: "Those that are open: what is stopped because it failed alike." },
    ),
    numberTiming: Type.String({ description: "When agents get phone numbers." }),
    walletTiming: Type.String({ description: "When agents get wallets." }),
    why: Type.String({ description: "One sentence: why the pool is not full, or that it is." }),
  },
  strict,
);
export type PoolStatus = Static<typeof PoolStatus>;
