import { Type } from "typebox";
import { Value } from "typebox/value";
import { readCapped } from "../../server/capped-body.ts";
import type { SkillState } from "../kit/skill.ts";
import { WEB_SEARCH_LIMITS } from "./limits.ts";

const KeyFacts = Type.Object({
  data: Type.Object({ limit_remaining: Type.Union([Type.Number(), Type.Null()]) }),
});

const failing = (detail: string): SkillState => ({ state: "failing", detail });

/** Asks OpenRouter about the key itself, which costs nothing. */
export async function lookAtKey(
  { baseUrl, key, modelId }: { baseUrl: string; key: string | undefined; modelId: string },
  signal: AbortSignal,
): Promise<SkillState> {
  if (key === undefined)
    return {
      state: "off",
      detail: "There is no OpenRouter key: searching needs the one the model is called with.",
    };
  let answer: Response;
  let text: string | undefined;
  try {
    answer = await fetch(`${baseUrl.replace(/\/+$/, "")}/key`, {
      headers: { authorization: `Bearer ${key}` },
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(WEB_SEARCH_LIMITS.setupTimeoutMs)]),
    });
    text = await readCapped(answer, WEB_SEARCH_LIMITS.setupMaxBytes);
  } catch {
    // Why it cannot be reached may name addresses; that it cannot be reached is what matters.
    signal.throwIfAborted();
    return failing("OpenRouter does not answer.");
  }
  if (answer.status === 401 || answer.status === 403) return failing("OpenRouter does not accept the key.");
  const facts = parse(text);
  if (!answer.ok || !Value.Check(KeyFacts, facts))
    return failing("OpenRouter does not say anything about the key.");
  const { limit_remaining: left } = facts.data;
  if (left !== null && left <= 0) return failing("The key's limit at OpenRouter is used up.");
  return { state: "ready", detail: `Perplexity through OpenRouter (${modelId}), with the agent's own key.` };
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    // A SyntaxError would quote the answer.
    return undefined;
  }
}
