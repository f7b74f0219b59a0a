import { ok } from "node:assert/strict";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import type { SkillScene } from "../../../testing/skills/scene.ts";
import { ADA, type Step } from "../step.ts";

const QUESTION = "Thank you! What have you cost so far?";
const TOLD = /^\d+ answers have cost \$([\d.]+), the last one \$[\d.]+\. \$([\d.]+) of credit are left\.$/;
/** It tells whole cents. */
const ROUNDING_USD = 0.005_001;
const Key = Type.Object({ name: Type.String(), usage: Type.Number(), limitRemaining: Type.Number() });
const State = Type.Object({ inventory: Type.Object({ keys: Type.Array(Key) }) });

export const modelCalls = (): Step[] => {
  let leftBeforeUsd = 0;
  return [
    {
      ...{ who: ADA, shows: QUESTION },
      act: async (scene) => {
        leftBeforeUsd = (await keyOf(scene)).limitRemaining;
        await scene.group.sendText(QUESTION);
      },
      script: [
        {
          ...{ when: "What have you cost", in: "message" },
          use: [{ tool: "model_costs", with: {} }],
          say: "{{1}}",
        },
      ],
      answers: ["15 answers have cost $1.37, the last one $0.0219. $18.63 of credit are left."],
      proof: {
        ...{ skill: "model-calls", tools: ["model_costs"] },
        verified: "what it says was spent and is left is what the provider has counted for the agent's key",
        look: async (scene, [answer]) => {
          const { usage, limitRemaining } = await keyOf(scene);
          const [cost, left] = (TOLD.exec(answer?.text ?? "") ?? []).slice(1).map(Number);
          ok(cost !== undefined && left !== undefined, "it tells no costs");
          ok(cost > 0 && cost <= usage + ROUNDING_USD, `the provider has counted ${usage}, it tells ${cost}`);
          // The answer itself costs something: it was asked for in between.
          const range = `${limitRemaining} to ${leftBeforeUsd}`;
          ok(left >= limitRemaining - ROUNDING_USD, `${range} are left, it tells ${left}`);
          ok(left <= leftBeforeUsd + ROUNDING_USD, `${range} are left, it tells ${left}`);
        },
      },
    },
  ];
};

async function keyOf(scene: SkillScene): Promise<Static<typeof Key>> {
  const { inventory } = Value.Parse(State, await scene.double("openrouter", "GET", "/__double/state"));
  const key = inventory.keys.find(({ name }) => name.includes(scene.instanceId));
  if (key === undefined) throw new Error("the provider knows no key of this agent");
  return key;
}
