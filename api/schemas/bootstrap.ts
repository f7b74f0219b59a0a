import { Type } from "typebox";
import { strict } from "./common.ts";

export const BootstrapBody = Type.Object(
  { epoch: Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: "The start it belongs to." }) },
  strict,
);

export const BootstrapAnswer = Type.Object(
  {
    instanceSecret: Type.String({ description: "64 hex digits." }),
    modelKey: Type.String({ description: "The agent's own key at the model provider." }),
    stateKey: Type.String({ description: "64 hex digits." }),
  },
  { ...strict, description: "What only this agent may know; never stored by whoever is between." },
);
