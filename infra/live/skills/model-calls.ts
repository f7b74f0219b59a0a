import { createServer } from "node:http";
import sharp from "sharp";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { createMoneyBreaker } from "../../../agent/server/model-proxy/breaker.ts";
import { createModelProxy } from "../../../agent/server/model-proxy/proxy.ts";
import { createModelCallsSkill } from "../../../agent/skills/model-calls/index.ts";
import { missingModelKey, openModelKey } from "../model-key.ts";
import { match, seen } from "../seen.ts";
import { defineSuite, type LiveContext, type Step } from "../suite.ts";
import { openTools, type ToolScene } from "../tools.ts";

const MAX_TOKENS = 64;
const Answer = Type.Object({
  model: Type.String(),
  choices: Type.Array(Type.Object({ message: Type.Object({ content: Type.String() }) }), { minItems: 1 }),
});

interface ModelScene extends ToolScene {
  models: { modelId: string; judgeModelId: string; visionModelId: string | undefined };
  ask(modelId: string, content: unknown, signal: AbortSignal): Promise<{ model: string; text: string }>;
}

/** One short question to a model, through the proxy that stands between an agent's gateway and the provider. */
const question = (
  name: string,
  pick: (models: ModelScene["models"]) => string,
  content: () => Promise<unknown>,
  expected: RegExp,
): Step<ModelScene> => ({
  name,
  costUsd: 0.01,
  run: async ({ ask, models }, signal) => {
    const { model, text } = await ask(pick(models), await content(), signal);
    return `${model}: ${match(text, expected, `${expected.source} is answered`)}`;
  },
});

async function redSquare(): Promise<unknown> {
  const create = { width: 64, height: 64, channels: 3, background: "#e00000" } as const;
  const png = await sharp({ create }).png().toBuffer();
  return [
    { type: "text", text: "What is the colour of this square? Answer with one English word." },
    { type: "image_url", image_url: { url: `data:image/png;base64,${png.toString("base64")}` } },
  ];
}
const ping = async (): Promise<string> => "Answer with the single word pong.";

async function open(context: LiveContext): Promise<ModelScene> {
  const { MODEL_ID: modelId, MODEL_JUDGE_ID, MODEL_VISION_ID: visionModelId } = context.config;
  const models = { modelId, judgeModelId: MODEL_JUDGE_ID ?? modelId, visionModelId, fallbackModelIds: [] };
  const access = await openModelKey(context);
  const spent = { turns: 0, totalUsd: 0, lastUsd: 0 };
  const proxy = createModelProxy({
    upstream: { ...access, ...models },
    breaker: createMoneyBreaker(),
    onToolCall: () => undefined,
    onUsage: ({ costUsd }) => {
      spent.turns += 1;
      spent.totalUsd += costUsd;
      spent.lastUsd = costUsd;
    },
  });
  const server = createServer((request, response) => {
    proxy
      .handle(request, response, request.url ?? "/")
      .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.cleanup.defer(async () => {
    proxy.cut();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    ...openTools(context, () => createModelCallsSkill({ ...access, models, costs: () => ({ ...spent }) })),
    models,
    ask: async (model, content, signal) => {
      const answer = await fetch(`http://127.0.0.1:${address.port}/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model, max_tokens: MAX_TOKENS, messages: [{ role: "user", content }] }),
        signal,
      });
      const text = await answer.text();
      seen(answer.ok, "the model answers", `${answer.status} ${text}`);
      const { model: answered, choices } = Value.Parse(Answer, JSON.parse(text));
      return { model: answered, text: choices[0]?.message.content ?? "" };
    },
  };
}

/** The models of the agent, by way of OpenRouter. */
export const modelCalls = defineSuite<ModelScene>({
  skill: "model-calls",
  missing: missingModelKey,
  open,
  steps: [
    question("the main model answers", ({ modelId }) => modelId, ping, /pong/i),
    question("the fast model answers", ({ judgeModelId }) => judgeModelId, ping, /pong/i),
    question("a picture is seen", ({ modelId }) => modelId, redSquare, /red/i),
    {
      name: "what it has cost is known",
      costUsd: 0,
      run: async ({ use }, signal) => {
        const text = await use("model_costs", {}, signal);
        match(text, /^3 answers have cost \$\d*\.\d*[1-9]/, "three answers and their cost are told");
        return text;
      },
    },
  ],
});
