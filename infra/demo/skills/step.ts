import type { ScriptLine } from "../../local/doubles/openrouter/model/script.ts";
import type { Heard, SkillScene } from "../../testing/skills/scene.ts";

/** Something that happens, and what the agent says to it. */
export interface Step {
  readonly who: string;
  /** As it stands in the transcript. */
  readonly shows: string;
  /** Makes it happen. `last` is what the agent has said to the step before. */
  act(scene: SkillScene, last: readonly Heard[]): Promise<unknown>;
  /** What the stand-in for the model does then; nothing where the server answers by itself. */
  readonly script?: readonly ScriptLine[];
  /** What the agent says and sends, with examples of what is another each time. */
  readonly answers: readonly string[];
  readonly proof?: Proof;
}

/** What has come of it. */
export interface Proof {
  readonly skill: string;
  readonly tools: readonly string[];
  /** What `look` looks at, for whoever reads the guide. */
  readonly verified: string;
  /** Looks at it where it ends. Throws, saying what is otherwise. */
  look(scene: SkillScene, answers: readonly Heard[]): Promise<void>;
}

export const ADA = "Ada";
export const AGENT = "Marco";

type Rest = Omit<Step, "who" | "shows" | "act">;

export const adaSays = (shows: string, rest: Rest): Step => ({
  ...{ who: ADA, shows },
  act: ({ group }) => group.sendText(shows),
  ...rest,
});

export const adaSends = (
  file: { readonly name: string; readonly mimeType: string; readonly bytes: Buffer },
  rest: Rest,
): Step => ({
  ...{ who: ADA, shows: showFile(file.name, file.bytes.length) },
  act: (scene) => scene.send(file.name, file.mimeType, file.bytes),
  ...rest,
});

/** A file in the transcript. */
export const showFile = (name: string, bytes: number): string => `[${name}, ${Math.ceil(bytes / 1_000)} kB]`;
