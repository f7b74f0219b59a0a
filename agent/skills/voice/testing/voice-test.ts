import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startOpenRouterDouble } from "../../../../infra/local/doubles/openrouter/server.ts";
import { createMoneyBreaker, type MoneyBreaker } from "../../../server/model-proxy/breaker.ts";
import { openTestWorkspace, type TestWorkspace } from "../../kit/testing.ts";
import type { ToolCall } from "../../kit/tool.ts";
import { createVoiceSkill, type VoiceOptions, type VoiceSkill } from "../index.ts";

export type OpenRouter = Awaited<ReturnType<typeof startOpenRouterDouble>>;

/** The skill at the local double of the provider, with a key of its own. */
export interface VoiceTest extends TestWorkspace {
  double: OpenRouter;
  breaker: MoneyBreaker;
  skill: VoiceSkill;
  options: VoiceOptions;
  use(tool: string, params: unknown, call?: Partial<ToolCall>): Promise<string>;
  /** What the provider has billed so far, in USD. */
  billedUsd(): number;
  /** A file of `testdata` put into the folder. */
  put(name: string, content?: Uint8Array): string;
  read(path: string): Buffer;
}

export async function openVoiceTest(change: Partial<VoiceOptions> = {}): Promise<VoiceTest> {
  const workspace = openTestWorkspace();
  const double = await startOpenRouterDouble();
  const breaker = createMoneyBreaker();
  const key = await createKey(double, 1);
  const options = { baseUrl: double.url, key, breaker, sandbox: workspace.sandbox, ...change };
  const skill = createVoiceSkill(options);
  return {
    ...workspace,
    ...{ double, breaker, skill, options },
    use: async (name, params, call) => {
      const tool = skill.tools.find((each) => each.name === name);
      if (!tool) throw new Error(`there is no tool ${name}`);
      return (await tool.run(params, workspace.call(call))).text;
    },
    billedUsd: () => double.state().spentUsd,
    put: (name, content = sample(name)) => {
      writeFileSync(join(workspace.dir, name), content);
      return name;
    },
    read: (path) => readFileSync(join(workspace.dir, path)),
    close: async () => {
      await double.close();
      await workspace.close();
    },
  };
}

export async function createKey(double: OpenRouter, limitUsd: number): Promise<string> {
  const answer = await fetch(`${double.url}/keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${double.managementKey}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "voice", limit: limitUsd }),
  });
  const document: unknown = await answer.json();
  const key: unknown =
    typeof document === "object" && document !== null ? Reflect.get(document, "key") : undefined;
  if (typeof key !== "string") throw new Error("the double gave no key");
  return key;
}

export const sample = (name: string): Buffer => readFileSync(new URL(`../testdata/${name}`, import.meta.url));

/** Runs ffmpeg for a test, with bytes in and out. */
export const ffmpeg = (options: string[], input: Uint8Array = new Uint8Array()): Buffer =>
  execFileSync("ffmpeg", ["-v", "error", "-nostdin", ...options], { input, maxBuffer: 1_000_000_000 });

/** How long audio really is when decoded, and how loud. */
export function measure(bytes: Uint8Array, dir: string): { seconds: number; rms: number } {
  const file = join(dir, "measured");
  writeFileSync(file, bytes);
  const pcm = ffmpeg(["-i", file, "-ac", "1", "-ar", "16000", "-f", "s16le", "pipe:1"]);
  let sum = 0;
  for (let at = 0; at < pcm.length; at += 2) sum += (pcm.readInt16LE(at) / 32_768) ** 2;
  return { seconds: pcm.length / 32_000, rms: Math.sqrt(sum / (pcm.length / 2)) };
}
