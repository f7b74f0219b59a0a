import { eventually } from "../../testing/eventually.ts";
import type { Heard, SkillScene } from "../../testing/skills/scene.ts";
import { differences } from "../check.ts";
import { GREETING } from "../scene.ts";
import { formatSaid, type Said } from "./document.ts";
import { masked } from "./masked.ts";
import { AGENT, type Step, showFile } from "./step.ts";

/** So long after the last word nobody says anything that was not to be said. */
const QUIET_MS = 5_000;

/** Has everything said and done, one after the other. Throws when an answer does not come. */
export async function playSteps(
  scene: SkillScene,
  steps: readonly Step[],
  note: (text: string) => void,
): Promise<{ readonly said: readonly Said[]; readonly violations: readonly string[] }> {
  await scene.script(...steps.flatMap(({ script = [] }) => script));
  // Before Ada has written anything.
  const said: Said[] = (await scene.everything()).map(showHeard);
  const violations: string[] = differences(
    "The beginning",
    { expected: [GREETING], actual: said.map(({ shows }) => shows) },
    (text) => text,
  );
  let last: readonly Heard[] = [];
  for (const step of steps) {
    note(formatSaid(step));
    await step.act(scene, last);
    last = await hear(scene, step.answers.length);
    const shown = last.map(showHeard);
    const actual = shown.map(({ shows }) => masked(shows));
    const expected = step.answers.map(masked);
    violations.push(
      ...differences(`The answer to "${step.shows}"`, { expected, actual }, (text) => text),
      ...(await lookAt(step, scene, last)),
    );
    said.push({ who: step.who, shows: step.shows }, ...shown);
  }
  const count = said.filter(({ who }) => who === AGENT).length;
  if (await saysMore(scene, count)) violations.push("the agent has said more");
  return { said, violations };
}

async function hear(scene: SkillScene, count: number): Promise<Heard[]> {
  const heard: Heard[] = [];
  while (heard.length < count) heard.push(await scene.next());
  return heard;
}

const showHeard = ({ text, files: [file] }: Heard): Said => {
  if (file === undefined) return { who: AGENT, shows: text };
  const bytes = file.kind === "inline" ? Buffer.byteLength(file.bytes, "base64") : 0;
  return { who: AGENT, shows: showFile(file.filename ?? "file", bytes) };
};

async function lookAt({ proof }: Step, scene: SkillScene, answers: readonly Heard[]): Promise<string[]> {
  try {
    await proof?.look(scene, answers);
    return [];
  } catch (error) {
    return [`${proof?.skill}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** Gives what should not be said the time to be said. */
async function saysMore(scene: SkillScene, count: number): Promise<boolean> {
  const untilMs = Date.now() + QUIET_MS;
  const isMore = async (): Promise<boolean> => (await scene.everything()).length > count;
  await eventually("it stays quiet", async () => (await isMore()) || Date.now() > untilMs);
  return isMore();
}
