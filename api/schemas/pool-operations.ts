import { Type } from "typebox";
import { LIMITS } from "../../domain/limits.ts";
import { GENERATION_PATTERN, ROLLOUT_STRATEGIES } from "../../domain/rollout.ts";
import { strict, VISIBLE } from "./common.ts";

export const EmptyBody = Type.Object({}, strict);

export const CountBody = (maximum: number) =>
  Type.Object({ count: Type.Integer({ minimum: 1, maximum }) }, strict);

export const TargetBody = Type.Object(
  { target: Type.Integer({ minimum: 0, maximum: LIMITS.poolMaxTarget }) },
  strict,
);

export const RateBody = Type.Object(
  { startsPerMinute: Type.Integer({ minimum: 1, maximum: LIMITS.poolMaxStartsPerMinute }) },
  strict,
);

export const MaxAgeBody = Type.Object(
  {
    hours: Type.Integer({
      minimum: 0,
      maximum: LIMITS.poolMaxAgeHours,
      description: "After which an idle agent is replaced; 0: never.",
    }),
  },
  strict,
);

export const RolloutBody = Type.Object(
  {
    generation: Type.String({
      pattern: GENERATION_PATTERN,
      description: "An agent's build and configuration.",
    }),
    strategy: Type.Optional(
      Type.Union(
        ROLLOUT_STRATEGIES.map((name) => Type.Literal(name)),
        {
          description:
            "`OnReplenish` (the default): only new agents are of it. `Recreate`: idle ones are replaced as well, one by one.",
        },
      ),
    ),
  },
  strict,
);

export const PauseBody = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 200, pattern: VISIBLE }) },
  strict,
);

export const DrainedBody = Type.Object({ drained: Type.Array(Type.String()) }, strict);
